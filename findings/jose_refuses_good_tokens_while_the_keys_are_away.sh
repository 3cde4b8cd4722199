#!/usr/bin/env bash
# What:     jose 6.2.18 and jwks-rsa 4.1.0 (npm) on Node.js 20: createRemoteJWKSet, or a cached key
#           client, whose key server is down when the cache (10 minutes by default) has run out.
# Guess:    the keys that are there stay in use while no newer ones can be had, and after a failure
#           the server is left alone for cooldownDuration (30 s by default).
# Seen:     neither. Each token is refused, though its key is known, for as long as the server is
#           down; and each verification asks it again, cooldown or not. If the server hangs, each
#           request waits for the timeout of 5 s. An issuer that is away for ten minutes takes with
#           it everything that trusts it. oidc-provider 9.13.3 says nothing in its answer about how
#           long keys may be kept.
# Output:   jose, server down, cache fresh: good
#           jose, server down, cache stale: 3 times ERR_JOSE_GENERIC, server asked 3 times
#           jose, server hangs: ERR_JWKS_TIMEOUT after 5 s
#           jose, server back: good
#           jwks-rsa, server down, cache fresh: good
#           jwks-rsa, server down, cache stale: 3 times JwksError, server asked 3 times
#           oidc-provider, Cache-Control of its keys: none
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund jose@6.2.18 jwks-rsa@4.1.0 oidc-provider@9.13.3

cat >finding.mjs <<'JS'
import http from 'node:http';
import * as jose from 'jose';
import jwksRsa from 'jwks-rsa';

const { publicKey, privateKey } = await jose.generateKeyPair('RS256');
const keys = [{ ...(await jose.exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }];
const token = await new jose.SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'one' })
  .setExpirationTime('1h').sign(privateKey);

let state = 'up';
let asked = 0;
const server = http.createServer((request, response) => {
  asked += 1;
  if (state === 'hangs') return;
  response.writeHead(state === 'up' ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify(state === 'up' ? { keys } : {}));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = new URL(`http://127.0.0.1:${server.address().port}/jwks`);

const LIFE = 500;  // milliseconds, in place of ten minutes
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const outcome = (promise) => promise.then(() => 'good', (error) => error.code ?? error.constructor.name);
const remote = jose.createRemoteJWKSet(url, { cacheMaxAge: LIFE });
const client = jwksRsa({ jwksUri: url.href, cacheMaxAge: LIFE });
const verifiers = {
  'jose': () => outcome(jose.jwtVerify(token, remote)),
  'jwks-rsa': () => outcome(client.getSigningKey('one')),
};
for (const [name, verify] of Object.entries(verifiers)) {
  state = 'up';
  await verify();
  state = 'down';
  console.log(`${name}, server down, cache fresh: ${await verify()}`);
  await sleep(2 * LIFE);
  asked = 0;
  const outcomes = new Set([await verify(), await verify(), await verify()]);
  console.log(`${name}, server down, cache stale: 3 times ${[...outcomes]}, server asked ${asked} times`);
  if (name === 'jwks-rsa') continue;
  state = 'hangs';
  const started = Date.now();
  console.log(`jose, server hangs: ${await verify()} after ${Math.floor((Date.now() - started) / 1000)} s`);
  state = 'up';
  console.log(`jose, server back: ${await verify()}`);
}

process.emitWarning = () => {};
console.warn = console.info = () => {};
const { default: Provider } = await import('oidc-provider');
const issuer = http.createServer(new Provider('http://127.0.0.1', {}).callback());
await new Promise((resolve) => issuer.listen(0, '127.0.0.1', resolve));
const { headers } = await fetch(`http://127.0.0.1:${issuer.address().port}/jwks`);
console.log(`oidc-provider, Cache-Control of its keys: ${headers.get('cache-control') ?? 'none'}`);
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
jose, server down, cache fresh: good
jose, server down, cache stale: 3 times ERR_JOSE_GENERIC, server asked 3 times
jose, server hangs: ERR_JWKS_TIMEOUT after 5 s
jose, server back: good
jwks-rsa, server down, cache fresh: good
jwks-rsa, server down, cache stale: 3 times JwksError, server asked 3 times
oidc-provider, Cache-Control of its keys: none
EXPECTED
