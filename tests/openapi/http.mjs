// Requests with everything under control: address, fields, bodies in chunks.
import http from 'node:http'
import net from 'node:net'

const agents = new Map() // a connection for each local address

const agentOf = (address) => {
  if (!agents.has(address)) agents.set(address, new http.Agent({ keepAlive: true, maxSockets: 4 }))
  return agents.get(address)
}

/// A request: {method, path, headers, body, chunked, from, until}. `from` is a local address, such as 127.0.0.9.
/// With `until` a stream is left when what has come of it matches.
export const exchange = (base, { method = 'GET', path, headers = {}, body, chunked, from = '127.0.0.1', until }) =>
  new Promise((resolve, reject) => {
    const url = new URL(base)
    const fields = { ...headers }
    if (body !== undefined && !chunked) fields['content-length'] ??= Buffer.byteLength(body)
    const request = http.request({
      host: url.hostname, port: url.port, path, method, headers: fields, localAddress: from, agent: agentOf(from),
    })
    const finish = ({ statusCode: status, headers: fields }, bytes) => resolve({ status, headers: fields, bytes })
    request.on('error', reject)
    request.on('response', (answer) => {
      let bytes = Buffer.alloc(0)
      answer.on('data', (piece) => {
        bytes = Buffer.concat([bytes, piece])
        if (!until?.test(bytes)) return
        finish(answer, bytes)
        request.destroy()
      })
      answer.on('error', reject)
      answer.on('end', () => finish(answer, bytes))
    })
    request.on('upgrade', (answer, socket) => {
      socket.destroy()
      finish(answer, Buffer.alloc(0))
    })
    request.setTimeout(20000, () => request.destroy(new Error(`no answer to ${method} ${path}`)))
    if (chunked) request.write(body)
    request.end(chunked ? undefined : body)
  })

/// Sends bytes as they are, and reads the one answer until the server closes.
export const raw = (base, text) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const socket = net.connect(port, hostname, () => socket.write(text))
    let all = ''
    socket.setEncoding('latin1')
    socket.on('data', (piece) => (all += piece))
    socket.on('error', reject)
    socket.on('close', () => {
      const [head, ...rest] = all.split('\r\n\r\n')
      const [first, ...lines] = head.split('\r\n')
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
      resolve({ status: Number(first.split(' ')[1]), headers, bytes: Buffer.from(rest.join('\r\n\r\n'), 'latin1') })
    })
  })

/// A connection with a request whose answer has begun.
export const hold = (base, path, headers) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const socket = net.connect(port, hostname, () => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`))
    socket.once('data', (bytes) => (/^HTTP\/1.1 (101|200) /.test(bytes) ? resolve(socket) : reject(new Error(String(bytes)))))
    socket.on('error', reject)
  })

/// Keeps connections open with a request whose body is awaited; returns a function that closes them. A server
/// that has answered 100 has read the head: the connection is no longer idle, and is not closed for a new one.
export const holdConnections = async (base, from, count, { path, token }) => {
  const { hostname, port } = new URL(base)
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nx-vx11-token: ${token}\r\nContent-Type: application/json\r\n` +
    'Content-Length: 9\r\nExpect: 100-continue\r\n\r\n'
  const sockets = []
  for (let i = 0; i < count; ++i) {
    await new Promise((resolve, reject) => {
      const socket = net.connect({ host: hostname, port, localAddress: from }, () => socket.write(head))
      socket.once('data', (bytes) => (/^HTTP\/1.1 100 /.test(bytes) ? resolve() : reject(new Error(String(bytes)))))
      socket.on('error', reject)
      sockets.push(socket)
    })
  }
  return () => sockets.forEach((socket) => socket.destroy())
}

/// The events of a stream, with their data read as JSON where it is.
export const eventsIn = (text) =>
  text.split('\n\n').flatMap((block) => {
    const event = {}
    for (const line of block.split('\n')) {
      const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
      if (name === 'data') event.data = value === '[DONE]' ? value : JSON.parse(value)
      else if (name === 'retry') event.retry = Number(value)
      else if (name) event[name] = value
    }
    return 'data' in event ? [event] : []
  })

export const closeAll = () => agents.forEach((agent) => agent.destroy())
