// Compares a running program with the description that it serves, and reports what differs.
import { closeAll, exchange } from './http.mjs'
import { Judge } from './judge.mjs'

const say = (good, what, lines = []) => {
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}`)
  lines.forEach((line) => console.log(`       ${line}`))
  if (!good) process.exitCode = 1
}

/// Metrics have a series for each route that the program serves, from the start.
const routes = async (base, token) => {
  const page = await exchange(base, { path: '/metrics', headers: { 'x-vx11-token': token } })
  const counted = [...page.bytes.toString().matchAll(/^vx11_http_requests_total\{.*$/gm)].map(([line]) =>
    `${/method="([^"]*)"/.exec(line)[1]} ${/route="([^"]*)"/.exec(line)[1]}`)
  return [...new Set(counted)].filter((route) => /^(GET|POST|PUT|PATCH|DELETE) \//.test(route))
}

/// The pages with the description, which are for people.
const PAGES = ['GET /operator/docs']

/// \param drivers makes the program's driver for a judge; it has run(), faults, count and tokens
/// \param least how many routes the metrics have at least
export const verdict = async (base, least, drivers) => {
  const judge = new Judge(JSON.parse((await exchange(base, { path: '/openapi.json' })).bytes))
  const driver = drivers(judge)
  const plain = (path) => path.replace(/\{[a-z_]+\}/g, '{}')
  const described = new Set(judge.operations().map(({ method, path }) => `${method} ${plain(path)}`))
  const served = await routes(base, driver.tokens.all)
  const strangers = served.filter((route) => !described.has(plain(route)) && !PAGES.includes(route))
  say(served.length > least && strangers.length === 0, `the ${served.length} routes that are counted are described`, strangers)

  await driver.run().catch((error) => driver.faults.push(`the driver failed: ${error.stack}`))
  say(judge.faults.length === 0, 'every answer is as described', judge.faults)
  const missing = judge.missing()
  say(missing.length === 0, 'every status and form that is described occurs', missing)
  say(driver.faults.length === 0, 'methods, scopes and conditions are as described', driver.faults)
  console.log(`${driver.count} requests to ${judge.operations().length} operations`)
  closeAll()
}
