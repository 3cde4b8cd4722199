#!/usr/bin/env bash
# What:     ky 1.14.3, got 14.6.6, axios-retry 4.5.0 with axios 1.21.1, and undici 7.30.2 with its
#           RetryAgent (npm) on Node.js 20, one repeat each: a GET that is answered 503 with
#           `Retry-After`, with a timeout of one second and without one.
# Guess:    with the timeout all four give up within the second, without one they wait; none of them
#           asks again before the time that the server gave.
# Seen:     got and axios-retry give up at once when the time is beyond their timeout. ky waits for it,
#           though its `timeout` is "including any retries" on its page, and undici waits up to 30 s
#           and then asks early. Without a timeout, a month is more than a timer of Node.js can hold:
#           got and axios-retry ask again at once, so that the longest pause that a server asks for
#           is the shortest. ky stops at that limit, 24 days.
# Output:   4 s, timeout 1 s: ky waits 4 s; got gives up at once; axios-retry gives up at once; undici waits 4 s
#           30 days, no timeout: ky waits; got asks again at once; axios-retry asks again at once; undici waits
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund ky@1.14.3 got@14.6.6 axios@1.21.1 axios-retry@4.5.0 undici@7.30.2 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import got from 'got';
import ky from 'ky';
import { Agent, request, RetryAgent } from 'undici';

let asked = 0;
let retryAfter;
const server = http.createServer((incoming, response) => {
  asked += 1;
  incoming.resume().on('end', () => response.writeHead(503, { 'retry-after': retryAfter }).end('{}'));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

function withAxios(timeout) {
  const client = axios.create({ timeout: timeout ?? 0 });
  axiosRetry(client, { retries: 1 });
  return client.get(url);
}
const clients = {
  ky: (timeout) => ky(url, { timeout: timeout ?? false, retry: 1 }),
  got: (timeout) => got(url, { timeout: { request: timeout }, retry: { limit: 1 } }),
  'axios-retry': withAxios,
  undici: (timeout) =>
    request(url, {
      dispatcher: new RetryAgent(new Agent(), { maxRetries: 1 }),
      headersTimeout: timeout,
      bodyTimeout: timeout,
    }),
};
async function outcome(call) {
  const begun = Date.now();
  asked = 0;
  const ended = await Promise.race([
    call().then(() => true, () => true),
    new Promise((resolve) => setTimeout(resolve, 8000, false)),
  ]);
  const seconds = Math.floor((Date.now() - begun) / 1000);
  if (!ended) return 'waits';
  if (seconds > 1) return `waits ${seconds} s`;
  return asked === 1 ? 'gives up at once' : 'asks again at once';
}
async function report(name, timeout) {
  const outcomes = [];
  for (const [client, call] of Object.entries(clients)) outcomes.push(`${client} ${await outcome(() => call(timeout))}`);
  console.log(`${name}: ${outcomes.join('; ')}`);
}
retryAfter = '4';
await report('4 s, timeout 1 s', 1000);
retryAfter = String(30 * 24 * 3600);
await report('30 days, no timeout', undefined);
process.exit();
JS

node finding.mjs 2>log | tee seen
diff - seen <<'EXPECTED'
4 s, timeout 1 s: ky waits 4 s; got gives up at once; axios-retry gives up at once; undici waits 4 s
30 days, no timeout: ky waits; got asks again at once; axios-retry asks again at once; undici waits
EXPECTED
