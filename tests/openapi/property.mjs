// Every operation, status, form and field of the gateway's description occurs, and nothing else does.
//   node property.mjs GATEWAY SHARED CONTROL TOKENS CONFIG GATEWAY_PID REDIS_PID ROUTES…
// GATEWAY and SHARED are two gateways, SHARED with Redis; CONTROL steers the stand-ins; TOKENS is a file with
// a token for each scope, CONFIG the file of GATEWAY; ROUTES are sources with the tables of routes.
import { readFileSync } from 'node:fs'
import { closeAll, exchange } from './http.mjs'
import { Judge } from './judge.mjs'
import { Drivers } from './drivers.mjs'

const [base, shared, control, tokens, config, gatewayPid, redisPid, ...sources] = process.argv.slice(2)
const served = await exchange(base, { path: '/openapi.json' })
const description = JSON.parse(served.bytes)
const judge = new Judge(description)
const drivers = new Drivers({ judge, base, shared, control, config, gatewayPid, redisPid,
  tokens: JSON.parse(readFileSync(tokens, 'utf8')) })

const say = (good, what, lines = []) => {
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}`)
  lines.forEach((line) => console.log(`       ${line}`))
  if (!good) process.exitCode = 1
}

// The tables of routes, as `{"/path/{}", … "METHOD"`; only this program's own paths are not in them.
const described = new Set(judge.operations().map(({ path }) => path.replace(/\{[a-z]+\}/g, '{}')))
const routes = sources.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/\{"(\/[^"]*)", (?:"[^"]*", )?"(?:GET|POST|PUT)"/g)].map(([, path]) => path))
const strangers = routes.filter((path) => !described.has(path))
say(routes.length > 25 && strangers.length === 0, `the ${routes.length} routes of the source are described`, strangers)

await drivers.run()
say(judge.faults.length === 0, 'every answer is as described', judge.faults)
const missing = judge.missing()
say(missing.length === 0, 'every status and form that is described occurs', missing)
say(drivers.faults.length === 0, 'methods, scopes and conditions are as described', drivers.faults)
console.log(`${drivers.count} requests to ${judge.operations().length} operations`)
closeAll()
