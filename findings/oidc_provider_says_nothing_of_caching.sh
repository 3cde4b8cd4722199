#!/usr/bin/env bash
# What:     oidc-provider 9.13.3 (npm) on Node.js 20: what a client may conclude about caching from
#           the answers of the discovery document and the key set.
# Guess:    both have `Cache-Control` with a max-age, or an `ETag`: each verifier asks for them
#           again and again, and how soon a new key is used depends on it.
# Seen:     neither has any of them, nor `Last-Modified`; only the token has `Cache-Control:
#           no-store`. A verifier that obeys HTTP has nothing to obey: how old a key may be is each
#           library's own constant (10 minutes in jose, 5 in PyJWT). A shared cache or a CDN in
#           front applies its own default. Who rotates keys adds the header in front of the
#           provider, and publishes a new key for as long as the slowest verifier before it signs.
# Output:   discovery: 200, cache-control: none, etag: none, last-modified: none, expires: none
#           keys: 200, cache-control: none, etag: none, last-modified: none, expires: none
#           token: 200, cache-control: no-store, etag: none, last-modified: none, expires: none
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund oidc-provider@9.13.3 jose@6.2.18 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const key = { ...(await exportJWK(privateKey)), kid: 'first', use: 'sig', alg: 'RS256' };
const server = http.createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const secret = 'of this script alone';
const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  clients: [
    {
      client_id: 'service', client_secret: secret,
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
    },
  ],
  features: { clientCredentials: { enabled: true } },
});
server.on('request', provider.callback());

const form = {
  method: 'POST',
  headers: { authorization: `Basic ${btoa(`service:${encodeURIComponent(secret)}`)}` },
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
};
const requests = {
  discovery: () => fetch(`${issuer}/.well-known/openid-configuration`),
  keys: () => fetch(`${issuer}/jwks`),
  token: () => fetch(`${issuer}/token`, form),
};
for (const [name, ask] of Object.entries(requests)) {
  const { status, headers } = await ask();
  const said = ['cache-control', 'etag', 'last-modified', 'expires'].map((field) => `${field}: ${headers.get(field) ?? 'none'}`);
  console.log(`${name}: ${status}, ${said.join(', ')}`);
}
process.exit();
JS

node finding.mjs 2>log | grep -v '^oidc-provider ' | tee seen
diff - seen <<'EXPECTED'
discovery: 200, cache-control: none, etag: none, last-modified: none, expires: none
keys: 200, cache-control: none, etag: none, last-modified: none, expires: none
token: 200, cache-control: no-store, etag: none, last-modified: none, expires: none
EXPECTED
