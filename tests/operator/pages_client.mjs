// A client as the deployed page is one: it asks one path, and after a 404 once more with `/v1` put in or taken out.

export class PagesClient {
  requests = 0

  /// \param base "/operator/api" or "/operator/api/v1" of an address
  constructor(base, token) {
    this.base = base
    this.token = token
  }

  async call(method, path, body) {
    const answer = await this.#send(method, this.base, path, body)
    if (answer.status !== 404) return answer
    const other = this.base.endsWith('/v1') ? this.base.slice(0, -3) : `${this.base}/v1`
    return this.#send(method, other, path, body)
  }

  get(path) {
    return this.call('GET', path)
  }
  post(path, body = {}) {
    return this.call('POST', path, body)
  }

  async #send(method, base, path, body) {
    ++this.requests
    const answer = await fetch(base + path, {
      method,
      headers: { 'x-vx11-token': this.token, 'x-correlation-id': 'page-1', ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    })
    const text = await answer.text()
    const isJson = /json$/.test((answer.headers.get('content-type') ?? '').split(';')[0])
    return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined }
  }
}
