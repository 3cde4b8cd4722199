// Every operation, status, form and field of the gateway's description occurs, and nothing else does.
//   node property.mjs GATEWAY SHARED CONTROL TOKENS CONFIG GATEWAY_PID REDIS_PID
// GATEWAY and SHARED are two gateways, SHARED with Redis; CONTROL steers the stand-ins; TOKENS is a file with
// a token for each scope, CONFIG the file of GATEWAY.
import { readFileSync } from 'node:fs'
import { closeAll, exchange } from './http.mjs'
import { Judge } from './judge.mjs'
import { Drivers } from './drivers.mjs'

const [base, shared, control, tokens, config, gatewayPid, redisPid] = process.argv.slice(2)
const description = JSON.parse((await exchange(base, { path: '/openapi.json' })).bytes)
const judge = new Judge(description)
const drivers = new Drivers({ judge, base, shared, control, config, gatewayPid, redisPid,
  tokens: JSON.parse(readFileSync(tokens, 'utf8')) })

const say = (good, what, lines = []) => {
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}`)
  lines.forEach((line) => console.log(`       ${line}`))
  if (!good) process.exitCode = 1
}

// Metrics have a series for each route that the APIs serve, from the start.
const page = await exchange(base, { path: '/metrics', headers: { 'x-vx11-token': drivers.tokens.all } })
const described = new Set(judge.operations().map(({ method, path }) => `${method} ${path.replace(/\{[a-z]+\}/g, '{}')}`))
const routes = new Set([...page.bytes.toString().matchAll(/^vx11_http_requests_total\{.*$/gm)].map(([line]) =>
  `${/method="([^"]*)"/.exec(line)[1]} ${/route="([^"]*)"/.exec(line)[1]}`))
const served = [...routes].filter((route) => /^(GET|POST|PUT|PATCH|DELETE) \//.test(route))
const strangers = served.filter((route) => !described.has(route))
say(served.length > 30 && strangers.length === 0, `the ${served.length} routes that are counted are described`, strangers)

await drivers.run()
say(judge.faults.length === 0, 'every answer is as described', judge.faults)
const missing = judge.missing()
say(missing.length === 0, 'every status and form that is described occurs', missing)
say(drivers.faults.length === 0, 'methods, scopes and conditions are as described', drivers.faults)
console.log(`${drivers.count} requests to ${judge.operations().length} operations`)
closeAll()
