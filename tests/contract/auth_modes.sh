#!/usr/bin/env bash
# CONTRACT §2, VX11_AUTH_MODE: off, and jwt verified for real.
source "$(dirname "$0")/../lib.sh"

needs_nothing() {
  anonymous GET /operator/status
  expect_status 200
}

# The gateway must exit with an error, before it listens.
refuses_to_start() {
  timeout 30 "$GATEWAY_PROGRAM" --listen "$1" >"$WORK/refused.out" 2>"$WORK/refused.said"
  local code=$?
  ((code != 0 && code != 124)) || unmet "the exit code is $code"
  ! grep -q listening "$WORK/refused.out" || unmet "it listened"
  grep -q VX11_AUTH_MODE "$WORK/refused.said" || unmet "it says: $(cat "$WORK/refused.said")"
}

readonly SECRET=a-secret-of-this-test-with-more-than-32-bytes
readonly HS256='{"alg":"HS256","typ":"JWT"}'

base64url() { base64 -w0 | tr '+/' '-_' | tr -d '='; }

# jwt HEADER CLAIMS [SECRET]: a token signed with HMAC-SHA-256, whatever its header says.
jwt() {
  local signed
  signed=$(printf %s "$1" | base64url).$(printf %s "$2" | base64url)
  printf '%s.%s' "$signed" \
    "$(printf %s "$signed" | openssl dgst -sha256 -hmac "${3:-$SECRET}" -binary | base64url)"
}

# claims AUDIENCE EXPIRES-IN [NOT-BEFORE-IN]: seconds from now.
claims() {
  local now
  now=$(date +%s)
  printf '{"aud":"%s","exp":%d,"nbf":%d}' "$1" $((now + $2)) $((now + ${3:--60}))
}

bearer_gets() { # STATUS TOKEN
  anonymous GET /operator/status -H "authorization: Bearer $2"
  expect_status "$1"
}

missing_is_401() {
  anonymous GET /operator/status
  expect_status 401
  expect_json '.error == "auth_required"'
}

only_the_token_is_not_enough() {
  operator GET /operator/status
  [[ $STATUS =~ ^40[13]$ ]] || unmet "the operator token is answered with $STATUS"
}

VX11_AUTH_MODE=off start_gateway
check "off: no token is asked for on a loopback listener" needs_nothing
export VX11_AUTH_MODE=off
check "off: refuse to start on any other listener" refuses_to_start 0.0.0.0:0

export VX11_AUTH_MODE=jwt VX11_AUTH_JWT_SECRET=$SECRET VX11_AUTH_JWT_AUDIENCE=vx11
restart_gateway
check "jwt: a good bearer token → 200" bearer_gets 200 "$(jwt "$HS256" "$(claims vx11 300)")"
check "jwt: missing → 401" missing_is_401
check "jwt: x-vx11-token does not replace it" only_the_token_is_not_enough
check "jwt: another key → 403" \
  bearer_gets 403 "$(jwt "$HS256" "$(claims vx11 300)" another-secret-that-has-more-than-32-bytes)"
check "jwt: algorithm allow-list, none → 403" \
  bearer_gets 403 "$(jwt '{"alg":"none"}' "$(claims vx11 300)" | sed 's/[^.]*$//')"
check "jwt: algorithm allow-list, HS512 in the header → 403" \
  bearer_gets 403 "$(jwt '{"alg":"HS512"}' "$(claims vx11 300)")"
check "jwt: exp has passed → 401" bearer_gets 401 "$(jwt "$HS256" "$(claims vx11 -300)")"
check "jwt: no exp → 403" bearer_gets 403 "$(jwt "$HS256" '{"aud":"vx11"}')"
check "jwt: nbf lies ahead → 403" bearer_gets 403 "$(jwt "$HS256" "$(claims vx11 300 200)")"
check "jwt: aud is another's → 403" bearer_gets 403 "$(jwt "$HS256" "$(claims someone 300)")"
check "jwt: not a JWT at all → 403" bearer_gets 403 not-a-jwt
finish
