// Every operation, status, form and field of the backend's description occurs, and nothing else does.
//   node operator.mjs WHERE     a JSON file: base, readOnly, small, narrow, control, tokens, pids {gateway, operator}, database
// `readOnly` is a second backend that is read-only, `small` one that
// keeps few events, `narrow` one where a caller may have one stream and one WebSocket open.
import { readFileSync } from 'node:fs'
import { OperatorDriver } from './operator_driver.mjs'
import { verdict } from './verdict.mjs'

const where = JSON.parse(readFileSync(process.argv[2], 'utf8'))
await verdict(where.base, 30, (judge) => new OperatorDriver({ ...where, judge }))
