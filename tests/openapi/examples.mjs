// The examples of a description are what its schemas say.
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

/// What is wrong with the examples of a joined description, a line each.
export const wrongExamples = (description) => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false })
  addFormats(ajv)
  ajv.addSchema(description, 'api')
  const found = []
  const check = (where, schema, example) => {
    const rooted = JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"api#/'))
    if (!ajv.validate(rooted, example)) found.push(`the example at ${where}: ${ajv.errorsText()}`)
  }
  const walk = (value, path) => {
    if (value === null || typeof value !== 'object') return
    const { schema, example, examples, ...rest } = value
    const isSchema = ['type', 'oneOf', 'anyOf', 'allOf'].some((keyword) => keyword in rest) && !('in' in rest)
    if (example !== undefined && schema) check(path, schema, example)
    if (example !== undefined && isSchema) check(path, rest, example)
    if (schema && examples) Object.entries(examples).forEach(([name, one]) => check(`${path}/${name}`, schema, one.value))
    Object.entries({ ...rest, ...(schema && { schema }) }).forEach(([key, one]) => walk(one, `${path}/${key}`))
  }
  walk(description, '')
  return found
}
