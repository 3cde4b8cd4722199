// Judges answers by an OpenAPI description, and remembers which parts of it have occurred.
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { eventsIn } from './http.mjs'

/// Fields that every answer may have; they belong to HTTP and are not described for each operation.
const GENERAL = new Set(['date', 'connection', 'keep-alive', 'content-length', 'content-type', 'transfer-encoding',
  'cache-control', 'x-content-type-options', 'referrer-policy', 'vary'])

export class Judge {
  faults = []
  #seen = new Set()
  #documented = new Map() // what has to occur: key → words for people

  constructor(description) {
    this.description = description
    this.ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false })
    addFormats(this.ajv)
    this.ajv.addSchema(description, 'api')
    for (const { name, operation } of this.operations()) {
      for (const [status, response] of Object.entries(operation.responses)) {
        if (status !== 'default' || this.#hasRest(operation)) this.#expect(name, status, this.resolve(response))
      }
    }
  }

  /// Every operation: {name, path, method, operation, parameters}.
  operations() {
    return Object.entries(this.description.paths).flatMap(([path, item]) =>
      Object.entries(item).filter(([method]) => method !== 'parameters').map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`, path, method: method.toUpperCase(), operation,
        parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((one) => this.resolve(one)),
      })))
  }

  resolve(value) {
    return value?.$ref ? this.#at(value.$ref) : value
  }
  #at(pointer) {
    return pointer.slice(2).split('/').reduce(
      (value, key) => value[key.replaceAll('~1', '/').replaceAll('~0', '~')], this.description)
  }

  /// Whether statuses are left for `default`. 500 follows a defect, which cannot be brought about.
  #hasRest({ responses }) {
    return this.resolve(responses.default)['x-statuses'].some((status) =>
      status !== 500 && !responses[status] && !responses[`${String(status)[0]}XX`])
  }

  #expect(name, status, response) {
    const key = `${name} ${status}`
    if (!response.content) this.#documented.set(key, key)
    for (const [type, { schema }] of Object.entries(response.content ?? {})) {
      this.#documented.set(`${key} ${type}`, `${key} ${type}`)
      this.#choices(schema).forEach((_, at) => this.#documented.set(`${key} ${type} ${at}`, `${key} ${type}, form ${at + 1}`))
    }
  }

  /// The alternatives of a schema, each of which has to occur; of a stream those of its events.
  #choices(schema) {
    const content = this.resolve(schema?.contentSchema)
    const events = content ? this.resolve(content.items) : undefined
    const root = events?.properties?.data ?? events ?? schema
    return root?.oneOf ?? root?.anyOf ?? []
  }

  /// Judges an answer to an operation; `name` is `POST /path`, as described.
  judge(name, asked, answer) {
    const complain = (what) => this.faults.push(
      `${name} → ${answer.status}: ${what}\n    ${answer.bytes.toString('utf8', 0, 300)}`)
    const { operation } = this.operations().find((one) => one.name === name)
    const [status, response] = this.#responseOf(operation, answer.status)
    if (!response) return complain('the status is not described')
    this.#seen.add(`${name} ${status}`)
    this.#judgeFields(response, answer, complain)
    if (asked.method !== 'HEAD') this.#judgeBody(`${name} ${status}`, response, answer, complain)
    if (answer.status < 300 && asked.body) this.#judgeRequest(operation, asked, complain)
  }

  #responseOf(operation, status) {
    for (const key of [String(status), `${String(status)[0]}XX`]) {
      if (operation.responses[key]) return [key, this.resolve(operation.responses[key])]
    }
    const rest = this.resolve(operation.responses.default)
    return rest?.['x-statuses'].includes(status) ? ['default', rest] : []
  }

  #judgeFields(response, answer, complain) {
    const described = Object.entries(response.headers ?? {})
    for (const [name, value] of described) {
      const { required, schema } = this.resolve(value)
      const sent = answer.headers[name.toLowerCase()]
      if (sent === undefined && required) complain(`the field ${name} is missing`)
      if (sent !== undefined && !this.ajv.validate(schema, sent)) complain(`${name}: ${sent} is not as described`)
    }
    const names = new Set(described.map(([name]) => name.toLowerCase()))
    for (const name of Object.keys(answer.headers)) {
      if (!GENERAL.has(name) && !names.has(name)) complain(`the field ${name} is not described`)
    }
  }

  #judgeBody(key, response, answer, complain) {
    const type = (answer.headers['content-type'] ?? '').split(';')[0]
    if (!response.content) {
      if (answer.bytes.length > 0) complain('a body is not described')
      return
    }
    const media = response.content[type]
    if (!media) return complain(`the content type ${type || '(none)'} is not described`)
    this.#seen.add(`${key} ${type}`)
    const text = answer.bytes.toString('utf8')
    const choices = this.#choices(media.schema)
    const schema = media.schema.contentSchema ?? media.schema
    const value = media.schema.contentSchema ? eventsIn(text) : /[/+]json$/.test(type) ? JSON.parse(text) : text
    this.#check(schema, value, complain)
    if (choices.length === 0) return
    const values = media.schema.contentSchema ? value.map((event) => this.#partOf(schema, event)) : [value]
    for (const each of values) {
      const at = choices.findIndex((choice) => this.#validate(choice, each))
      this.#seen.add(`${key} ${type} ${at}`)
    }
  }

  /// What the alternatives of a stream describe: whole events, or their data alone.
  #partOf(schema, event) {
    return this.resolve(this.resolve(schema).items).properties?.data ? event.data : event
  }

  #judgeRequest(operation, asked, complain) {
    const schema = this.resolve(operation.requestBody)?.content['application/json'].schema
    if (schema) this.#check(schema, JSON.parse(asked.body), (why) => complain(`a request that is accepted: ${why}`))
  }

  #validate(schema, value) {
    return this.ajv.validate(this.#rooted(schema), value)
  }
  #check(schema, value, complain) {
    if (!this.#validate(schema, value)) complain(this.ajv.errorsText(this.ajv.errors.slice(0, 4)))
  }
  /// The same schema with references that lead into the description. Kept: ajv compiles each object once.
  #rooted(schema) {
    if (!this.#compiled.has(schema)) {
      const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"api#/')
      this.#compiled.set(schema, JSON.parse(text))
    }
    return this.#compiled.get(schema)
  }
  #compiled = new Map()

  /// What is described and has not occurred.
  missing() {
    return [...this.#documented].filter(([key]) => !this.#seen.has(key)).map(([, words]) => words)
  }
}
