#!/usr/bin/env bash
# Tokens that oidc-provider really issues, while its keys change and while it fails.
#   issuer.sh FOLDER             the one that install.sh filled from issuer/
source "$(dirname "$0")/../lib.sh"

readonly FOLDER=$1
[[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the issuer is not installed in $FOLDER" && exit 77; }

at_issuer() { curl --noproxy '*' -fsS --max-time 30 "$ISSUER$1" "${@:2}"; }
steer() { at_issuer "/__$1" -X POST || die "the issuer refuses $1"; }
asked() { at_issuer /__asked; }

# issued ALGORITHM [CLIENT [SCOPES]]: prints an access token.
issued() {
  at_issuer /token -d grant_type=client_credentials -d "client_id=${2:-alice}" \
    -d "client_secret=secret-of-${2:-alice}" -d "scope=${3:-vx11.chat vx11.status}" \
    -d "resource=urn:test:$1" | jq -r .access_token
}

with() { # TOKEN METHOD PATH [CURL-ARGUMENT…]
  anonymous "${@:2}" -H "authorization: Bearer $1"
}
chats_with() { # TOKEN [SESSION]
  with "$1" POST /operator/chat/ask -H 'content-type: application/json' \
    --data "{\"message\":\"hello\",\"session_id\":\"${2:-s}\",\"user_id\":\"someone\"}"
}
is_granted() { chats_with "$1" && [[ $STATUS == 200 ]]; }
is_refused() { chats_with "$1" && [[ $STATUS == 401 ]]; }

metric_is() { # NAME VALUE
  [[ $(curl --noproxy '*' -fsS "$BASE/metrics" | sed -n "s/^$1 //p") == "$2" ]]
}
is_ready() { anonymous GET /readyz && [[ $STATUS == 200 ]]; }

# with_unknown_key TOKEN: the same with another kid.
with_unknown_key() {
  local head
  head=$(jq -rn --arg head "${1%%.*}" '$head | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson
    | .kid = "unknown" | tojson | @base64 | gsub("\\+"; "-") | gsub("/"; "_") | rtrimstr("=") | rtrimstr("=")')
  echo "$head.${1#*.}"
}

start issuer '^issuer on' node "$FOLDER/issuer.mjs"
ISSUER=$(url_of issuer 'issuer on')
start_upstream
unset VX11_TENTACULO_LINK_TOKEN
export VX11_UPSTREAM_TOKEN=$TOKEN VX11_AUTH_MODE=jwt VX11_AUTH_JWT_JWKS_URL=$ISSUER/jwks \
  VX11_AUTH_JWT_JWKS_MIN_REFRESH=1s VX11_AUTH_JWT_ISSUER=$ISSUER VX11_AUTH_JWT_TYPE=at+jwt \
  VX11_AUTH_JWT_AUDIENCE=https://gateway.test VX11_AUTH_JWT_SCOPE_PREFIX=vx11.

# --- while the issuer is down ---------------------------------------------------------------------

starts_without_issuer() {
  local early
  early=$(issued ES256)
  steer fault/down
  start_gateway
  anonymous GET /readyz
  expect_status 503
  expect_json '.reason == "keys"'
  chats_with "$early"
  expect_status 401
  expect_header WWW-Authenticate 'error="invalid_token", error_description="unknown key"'
  grep -q 'credential refused: .*no keys of the issuer yet' "$WORK/gateway.err" ||
    unmet "the log does not say why"
  steer fault/none
  eventually 30 is_ready || unmet "it does not become ready"
  is_granted "$early" || unmet "$(show_answer)"
}

check "the gateway starts without its issuer, says so, and recovers" starts_without_issuer

# --- tokens ---------------------------------------------------------------------------------------

lets_in() { # ALGORITHM
  chats_with "$(issued "$1")"
  expect_status 200
}
names_the_missing_scope() {
  with "$(issued ES256 alice vx11.chat)" GET /operator/status
  expect_status 403
  expect_json '. == {"error":"insufficient_scope","scope":"status","status_code":403}'
  with "$(issued ES256 alice vx11.status)" GET /operator/status
  expect_status 200
}
keeps_sessions_apart() {
  local alice bob
  alice=$(issued RS256 alice)
  bob=$(issued RS256 bob)
  chats_with "$alice" private
  expect_status 200
  with "$alice" GET /operator/session/private
  expect_json '.session_id == "private" and .user_id == "alice"'
  for query in '' '?principal=alice'; do
    with "$bob" GET "/operator/session/private$query"
    expect_status 404
    expect_json '. == {"error":"session_not_found","session_id":"private"}'
  done
  with "$bob" DELETE /operator/session/private
  expect_status 404
  with "$alice" DELETE /operator/session/private
  expect_status 204
  with "$alice" GET /operator/session/private
  expect_status 404
}
refuses_what_is_no_jwt() {
  local opaque
  opaque=$(at_issuer /token -d grant_type=client_credentials -d client_id=alice \
    -d client_secret=secret-of-alice | jq -r .access_token)
  chats_with "$opaque"
  expect_status 403
}

for algorithm in RS256 PS256 ES256 EdDSA; do
  check "a token signed by $algorithm" lets_in $algorithm
done
check "scopes are those of the token" names_the_missing_scope
check "sessions belong to the sub of the token, and so does user_id" keeps_sessions_apart
check "an opaque token is refused" refuses_what_is_no_jwt

# --- keys that change -----------------------------------------------------------------------------

follows_a_new_key() {
  local old new
  old=$(issued ES256)
  steer roll
  new=$(issued ES256)
  eventually 30 is_granted "$new" || unmet "the new key is not accepted: $(show_answer)"
  is_granted "$old" || unmet "the old key is refused although it is published: $(show_answer)"
  steer new
  new=$(issued EdDSA)
  eventually 30 is_granted "$new" || unmet "the second new key is not accepted: $(show_answer)"
  is_refused "$old" || unmet "a key that was withdrawn is accepted: $(show_answer)"
}
never_asks_for_each_token() {
  local forged before begun=$SECONDS
  forged=$(with_unknown_key "$(issued RS256)")
  before=$(asked)
  for _ in {1..15}; do
    chats_with "$forged"
    expect_status 401 || return
  done
  local fetches=$(($(asked) - before)) seconds=$((SECONDS - begun))
  ((fetches <= seconds + 2)) || unmet "$fetches fetches in $seconds s"
}

check "new keys are accepted while the gateway runs, withdrawn ones refused" follows_a_new_key
check "15 tokens of an unknown key cause few fetches" never_asks_for_each_token

# --- an issuer that fails -------------------------------------------------------------------------

keeps_keys_while_it() { # FAULT
  local token
  token=$(issued PS256)
  eventually 30 is_granted "$token" || unmet "$(show_answer)"
  steer "fault/$1"
  kill -HUP "${PIDS[gateway]}" # begins a fetch
  [[ $1 == hang ]] || eventually 30 metric_is vx11_jwks_current 0 || unmet "the metric does not say so"
  for _ in {1..5}; do
    chats_with "$token"
    expect_status 200
    expect_within 1000
  done
  steer fault/none
  [[ $1 != hang ]] || return 0
  eventually 30 metric_is vx11_jwks_current 1 || unmet "it does not recover"
}

for fault in down lie huge hang; do
  check "keys stay in force, and chats go on, while the issuer has the fault $fault" keeps_keys_while_it $fault
done

# --- a configuration that changes -----------------------------------------------------------------

has_leeway() { printf '[auth.jwt]\nleeway = "%s"\n' "$1" | config; }

# reloaded TEXT: SIGHUP, until the log has another line with it.
reloaded() {
  local before
  before=$(grep -c -- "$1" "$WORK/gateway.err")
  is_logged() { (($(grep -c -- "$1" "$WORK/gateway.err") > before)); }
  kill -HUP "${PIDS[gateway]}"
  eventually 30 is_logged "$1" || unmet "the log does not say: $1"
}

keeps_keys_through_reloads() {
  local token
  has_leeway 6s
  restart_gateway --config "$CONFIG"
  token=$(issued PS256)
  eventually 30 is_granted "$token" || unmet "$(show_answer)"
  steer fault/down
  has_leeway 7s
  reloaded 'auth.jwt.jwks_url: no keys were fetched'
  chats_with "$token"
  expect_status 200
  steer fault/none
  reloaded 'the configuration was read again'
  chats_with "$token"
  expect_status 200
}

check "a reload that changes how tokens are checked never leaves the gateway without keys" keeps_keys_through_reloads
finish
