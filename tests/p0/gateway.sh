# shellcheck shell=bash
# The gateway that the acceptance suites ask. Source it instead of lib.sh.
#
#   test_….sh [up|down]                       starts vx11-upstream and vx11-gateway for itself
#   VX11_BASE_URL=http://host:8000 VX11_TENTACULO_LINK_TOKEN=… test_….sh [up|down]
#                                             asks a gateway that runs; without a word about switch
#                                             either answer of a chat is right
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

SWITCH=${1:-${SWITCH:-}}
if [[ -z $BASE ]]; then
  SWITCH=${SWITCH:-up}
  start_upstream
  [[ $SWITCH == up ]] || fault switch refuse
  start_gateway
fi
case $SWITCH in
  up) readonly SOURCES='["switch"]' ;;
  down) readonly SOURCES='["madre_fallback"]' ;;
  '') readonly SOURCES='["switch","madre_fallback"]' ;;
  *) die "switch is 'up' or 'down', not '$SWITCH'" ;;
esac
readonly REASONS='["switch_circuit_open","switch_unreachable","switch_timeout","switch_error",
  "switch_invalid_reply","switch_asleep"]'
echo "asking $BASE, switch ${SWITCH:-up or down}"

# A session of this run alone, so that a gateway which runs can be asked again and again.
new_session() { echo "p0-$(date +%s)-$$-$RANDOM"; }

# needs_token METHOD PATH [CURL-ARGUMENT…]
needs_token() {
  local method=$1 path=$2
  shift 2
  anonymous "$method" "$path" "$@"
  expect_status 401
  expect_json '. == {error: "auth_required", status_code: 401}'
  anonymous "$method" "$path" -H 'x-vx11-token: not-the-token' "$@"
  expect_status 403
  expect_json '. == {error: "forbidden", status_code: 403}'
}

# The last answer is a chat's, from an allowed source, with a reason if that is not switch.
expect_chat_answer() {
  expect_status 200
  expect_json '(.session_id | type) == "string" and (.response | type) == "string"'
  expect_json '.metadata.source | IN($from[])' --argjson from "$SOURCES"
  expect_json '.metadata | .source == "switch" or (.reason | IN($reasons[]))' \
    --argjson reasons "$REASONS"
}
