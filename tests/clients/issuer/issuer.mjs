// An OpenID provider whose keys change, and which can be made to fail.
//   node issuer.mjs
// Prints where it listens. POST /__new replaces its keys, POST /__roll puts new ones beside the old, POST
// /__fault/down, hang, lie, huge or none decides how GET /jwks is answered; GET /__asked counts these.
import http from 'node:http';
import { randomUUID, webcrypto } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

// Node.js 18, which Debian 12 has, lacks these.
globalThis.crypto ??= webcrypto;
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);

const ALGORITHMS = { RS256: {}, PS256: {}, ES256: {}, EdDSA: { crv: 'Ed25519' } };
const AUDIENCE = 'https://gateway.test';
const SCOPES = 'vx11.chat vx11.status';

let asked = 0;
let fault = 'none';
let keys = [];
let answer;

async function newKeys() {
  const made = Object.entries(ALGORITHMS).map(async ([alg, options]) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true, ...options });
    return { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg };
  });
  return Promise.all(made);
}

// The resource names the algorithm: urn:test:RS256.
function resourceServer(ctx, resource) {
  const alg = resource.split(':').at(-1);
  return { scope: SCOPES, audience: AUDIENCE, accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg } } };
}

function provide() {
  const client = (id) => ({
    client_id: id, client_secret: `secret-of-${id}`, grant_types: ['client_credentials'],
    redirect_uris: [], response_types: [], token_endpoint_auth_method: 'client_secret_post',
  });
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: [client('alice'), client('bob')],
    scopes: SCOPES.split(' '),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
    },
  });
  answer = provider.callback();
}

const faults = {
  down: (request) => request.socket.destroy(),
  hang: () => {},
  lie: (request, response) => response.end('{"keys":[{"kty":"oct","k":"AAAA"}]}'),
  huge: (request, response) => response.end(' '.repeat(1 << 20)),
};

async function control(path) {
  if (path === '/__new') keys = await newKeys();
  if (path === '/__roll') keys = [...(await newKeys()), ...keys];
  if (path.startsWith('/__fault/')) fault = path.slice('/__fault/'.length);
  else provide();
}

const server = http.createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/__asked') return response.end(`${asked}`);
  if (pathname.startsWith('/__')) return control(pathname).then(() => response.end());
  if (pathname === '/jwks') asked += 1;
  if (pathname === '/jwks' && fault !== 'none') return faults[fault](request, response);
  return answer(request, response);
});
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const issuer = `http://127.0.0.1:${server.address().port}`;
keys = await newKeys();
provide();
console.log(`issuer on ${issuer}`);
