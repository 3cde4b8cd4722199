// Every operation, status, form and field of the gateway's description occurs, and nothing else does.
//   node property.mjs GATEWAY SHARED CONTROL TOKENS CONFIG GATEWAY_PID REDIS_PID
// GATEWAY and SHARED are two gateways, SHARED with Redis; CONTROL steers the stand-ins; TOKENS is a file with
// a token for each scope, CONFIG the file of GATEWAY.
import { readFileSync } from 'node:fs'
import { Drivers } from './drivers.mjs'
import { verdict } from './verdict.mjs'

const [base, shared, control, tokens, config, gatewayPid, redisPid] = process.argv.slice(2)
await verdict(base, 30, (judge) => new Drivers({ judge, base, shared, control, config, gatewayPid, redisPid,
  tokens: JSON.parse(readFileSync(tokens, 'utf8')) }))
