#!/usr/bin/env bash
# What:     PyJWT 2.6.0, Authlib 1.2.0 (Debian 12), jose 6.2.18, jsonwebtoken 9.0.3 and fast-jwt
#           6.3.6 (npm) on Node.js 20: a token whose `iat` is half a minute ahead of the verifier's
#           clock.
# Guess:    all accept it. RFC 7519 gives `iat` no part in whether a token is valid; that is what
#           `nbf` is for, which this token does not have.
# Seen:     PyJWT refuses it as "not yet valid", with the same exception as for `nbf`, unless the
#           caller passes a leeway. With a verifier of that kind somewhere behind, an issuer whose
#           clock is a little ahead has its fresh tokens refused for as long: the first request
#           after a login fails and the next one is well. Who issues tokens had better set `iat`
#           some seconds back, and who verifies them needs a leeway for `iat`, too.
# Output:   jose: good
#           jsonwebtoken: good
#           fast-jwt: good
#           Authlib: good
#           PyJWT: ImmatureSignatureError
#           PyJWT, leeway of 60 s: good
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'python3-jwt=2.6.0-*' 'python3-authlib=1.2.0-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
export PYTHONPATH=$work/usr/lib/python3/dist-packages
cd "$work"
npm install --silent --no-audit --no-fund jose@6.2.18 jsonwebtoken@9.0.3 fast-jwt@6.3.6

cat >finding.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { createVerifier } from 'fast-jwt';
import * as jose from 'jose';
import jsonwebtoken from 'jsonwebtoken';

const key = 'a key of this script alone, 32 bytes or more';
const bytes = new TextEncoder().encode(key);
const now = Math.floor(Date.now() / 1000);
const token = await new jose.SignJWT({ sub: 'someone' }).setProtectedHeader({ alg: 'HS256' })
  .setIssuedAt(now + 30).setExpirationTime(now + 600).sign(bytes);

const options = { algorithms: ['HS256'] };
const verifiers = {
  'jose': () => jose.jwtVerify(token, bytes, options),
  'jsonwebtoken': () => jsonwebtoken.verify(token, key, options),
  'fast-jwt': () => createVerifier({ key, ...options })(token),
};
for (const [name, verify] of Object.entries(verifiers)) {
  let outcome = 'good';
  try {
    await verify();
  } catch (error) {
    outcome = error.constructor.name;
  }
  console.log(`${name}: ${outcome}`);
}
process.stdout.write(execFileSync('/usr/bin/python3', ['finding.py', token, key]));
JS
cat >finding.py <<'PY'
import sys
import jwt
from authlib.jose import JsonWebToken

token, key = sys.argv[1:]
verifiers = {
    "Authlib": lambda: JsonWebToken(["HS256"]).decode(token, key).validate(),
    "PyJWT": lambda: jwt.decode(token, key, algorithms=["HS256"]),
    "PyJWT, leeway of 60 s": lambda: jwt.decode(token, key, algorithms=["HS256"], leeway=60),
}
for name, verify in verifiers.items():
    outcome = "good"
    try:
        verify()
    except Exception as error:
        outcome = type(error).__name__
    print(f"{name}: {outcome}")
PY

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
jose: good
jsonwebtoken: good
fast-jwt: good
Authlib: good
PyJWT: ImmatureSignatureError
PyJWT, leeway of 60 s: good
EXPECTED
