#!/usr/bin/env bash
# What:     PyJWT 2.6.0, Authlib 1.2.0, jwcrypto 1.1.0 (Debian 12), jose 6.2.18 and jwks-rsa 4.1.0
#           (npm) on Node.js 20: a key set with the RSA key of the token and, before it, a key of a
#           kind that the library does not know: a new type (AKP, for post-quantum signatures), or a
#           new curve of an old type (EC with brainpoolP256r1).
# Guess:    all pass over that key and verify with the other one, as RFC 7517 (section 5) asks for.
# Seen:     the libraries of npm do. Authlib's import_key_set and jwcrypto's JWKSet throw at the
#           type, PyJWT's PyJWKSet at the curve, each with an exception that is no "invalid token".
#           None of the keys can be used then: on the day on which the issuer publishes its first
#           key of a new kind, for whomever, every token of the old key is refused. Who uses these
#           takes the keys out of the set himself, by `kid`; who issues puts new kinds in a set of
#           their own. (Authlib verifies with the set as a dict, which it reads by `kid`.)
# Output:   AKP: PyJWT: good; Authlib: KeyError; Authlib, dict: good; jwcrypto: InvalidJWKType
#           AKP: jose: good; jwks-rsa: good
#           brainpoolP256r1: PyJWT: InvalidKeyError; Authlib: good; Authlib, dict: good; jwcrypto: good
#           brainpoolP256r1: jose: good; jwks-rsa: good
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'python3-jwt=2.6.0-*' 'python3-authlib=1.2.0-*' 'python3-jwcrypto=1.1.0-*' \
  python3-deprecated python3-wrapt 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
export PYTHONPATH=$work/usr/lib/python3/dist-packages
cd "$work"
npm install --silent --no-audit --no-fund jose@6.2.18 jwks-rsa@4.1.0 || exit 2

cat >finding.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import * as jose from 'jose';
import jwksRsa from 'jwks-rsa';

const { privateKey, publicKey } = await jose.generateKeyPair('RS256', { extractable: true });
const own = { ...(await jose.exportJWK(publicKey)), kid: 'own', use: 'sig', alg: 'RS256' };
const token = await new jose.SignJWT({ sub: 'someone' }).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(privateKey);
// An EC key needs a point of its curve: this one was made with OpenSSL 3.0.
const point = {
  x: Buffer.from('a7997bef5aaa845b0377a176befca653cda4986ba6a59bf205e8bb82d472d83c', 'hex').toString('base64url'),
  y: Buffer.from('91d20083b313fc6e31090d67ea1e67b4d1d2011c0790aaa757bda4af3b30109e', 'hex').toString('base64url'),
};
const others = {
  AKP: { kty: 'AKP', kid: 'other', use: 'sig', alg: 'ML-DSA-44', pub: Buffer.alloc(1312, 1).toString('base64url') },
  brainpoolP256r1: { kty: 'EC', crv: 'brainpoolP256r1', ...point, kid: 'other', use: 'sig' },
};
let set;
const server = http.createServer((request, response) => response.end(JSON.stringify(set)));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const jwksUri = `http://127.0.0.1:${server.address().port}/jwks`;
const verifiers = {
  'jose': () => jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(jwksUri))),
  'jwks-rsa': async () => {
    const key = (await jwksRsa({ jwksUri }).getSigningKey('own')).getPublicKey();
    return jose.jwtVerify(token, await jose.importSPKI(key, 'RS256'));
  },
};
for (const [kind, other] of Object.entries(others)) {
  set = { keys: [other, own] };
  console.log(`${kind}: ${execFileSync('/usr/bin/python3', ['finding.py', JSON.stringify(set), token]).toString().trim()}`);
  const outcomes = [];
  for (const [name, verify] of Object.entries(verifiers))
    outcomes.push(`${name}: ${await verify().then(() => 'good', (error) => error.constructor.name)}`);
  console.log(`${kind}: ${outcomes.join('; ')}`);
}
process.exit();
JS
cat >finding.py <<'PY'
import json
import sys
import jwt
from authlib.jose import JsonWebKey, JsonWebToken
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT

text, token = sys.argv[1:]

def with_pyjwt():
    [key] = [key for key in jwt.PyJWKSet.from_json(text).keys if key.key_id == "own"]
    jwt.decode(token, key.key, algorithms=["RS256"])

verifiers = {
    "PyJWT": with_pyjwt,
    "Authlib": lambda: JsonWebToken(["RS256"]).decode(token, JsonWebKey.import_key_set(json.loads(text))),
    "Authlib, dict": lambda: JsonWebToken(["RS256"]).decode(token, json.loads(text)),
    "jwcrypto": lambda: JWT(jwt=token, key=JWKSet.from_json(text)),
}
outcomes = []
for name, verify in verifiers.items():
    try:
        verify()
        outcomes.append(f"{name}: good")
    except Exception as error:
        outcomes.append(f"{name}: {type(error).__name__}")
print("; ".join(outcomes))
PY

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
AKP: PyJWT: good; Authlib: KeyError; Authlib, dict: good; jwcrypto: InvalidJWKType
AKP: jose: good; jwks-rsa: good
brainpoolP256r1: PyJWT: InvalidKeyError; Authlib: good; Authlib, dict: good; jwcrypto: good
brainpoolP256r1: jose: good; jwks-rsa: good
EXPECTED
