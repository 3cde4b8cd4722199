#!/usr/bin/env bash
# CONTRACT §3, status: components are checked in parallel, so the whole takes one limit however many
# hang. Two hang here: madre's power state, which is asked once for the component and its windows, and
# a redis that accepts but does not answer.
source "$(dirname "$0")/../lib.sh"

readonly LIMIT_MS=2000

# Run one after the other they would take two limits; less than that proves that they are parallel. The margin of one limit (2 s) allows for slow machines.
takes_one_limit() {
  operator GET /operator/status
  expect_status 200
  expect_json '.components | .madre.status == "unreachable" and .redis.status == "unreachable"'
  expect_json '.components | [.madre.error, .redis.error] | all(test("timeout after 2s"))'
  expect_json '.status == "offline" and .components.tentaculo_link.status == "ok"'
  ((ELAPSED_MS >= LIMIT_MS - 100)) || unmet "nothing hung: it took $ELAPSED_MS ms"
  ((ELAPSED_MS < 2 * LIMIT_MS)) || unmet "two looks of $LIMIT_MS ms took $ELAPSED_MS ms"
}

# Redis' "timeout" proves that it hung too: a refused connection is not a timeout.
madre_was_asked_once_a_round() {
  expect_count '.madre["GET /health"] == null and .madre["GET /madre/power/state"] == 2' true
}

start_upstream
fault madre hang
start silent '^ready' "$UPSTREAM_PROGRAM" --switch 127.0.0.1:0
curl --noproxy '*' -fsS "$(url_of silent 'control listening on')/__fault" \
  -d '{"service":"switch","fault":"hang_connect"}' >/dev/null || die "no silent listener"
config <<TOML
[status]
limit = "${LIMIT_MS}ms"
TOML
start_gateway --config "$CONFIG" \
  --redis "redis://127.0.0.1:$(port_of "$(url_of silent 'switch listening on')")"

check "two components that hang answer in one limit, not two" takes_one_limit
check "… and the next round does not wait for probes of the first" takes_one_limit
check "madre's power state was requested once a round, and its health not" madre_was_asked_once_a_round
finish
