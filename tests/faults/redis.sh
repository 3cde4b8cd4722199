#!/usr/bin/env bash
# CONTRACT §3, status: redis is probed in RESP. A real redis-server is started and stopped.
source "$(dirname "$0")/../lib.sh"

overall_and_redis() { # OVERALL REDIS
  operator GET /operator/status
  expect_status 200
  expect_json '.status == $overall and .components.redis.status == $redis
    and .components.redis.port == $port' \
    --arg overall "$1" --arg redis "$2" --argjson port "$REDIS_PORT"
  expect_json '.components.madre.status == "ok"'
}

refuses_the_password() { # URL
  restart_gateway --redis "$1"
  operator GET /operator/status
  expect_json '.status == "degraded" and (.components.redis.status | . == "degraded")'
  ! grep -q "wrong-password\|right-password" "$BODY" "$WORK/gateway.err" "$WORK/gateway.out" ||
    unmet "the password is shown"
}

takes_the_password() { # URL
  restart_gateway --redis "$1"
  overall_and_redis ok ok
}

comes_back() {
  start_redis_on "$REDIS_PORT"
  overall_and_redis ok ok
}

# An HTTP server on redis' port is no redis.
http_is_no_redis() {
  restart_gateway --redis "redis://127.0.0.1:$(port_of "$SWITCH_URL")"
  operator GET /operator/status
  expect_json '.status == "degraded" and .components.redis.status != "ok"'
}

start_upstream
start_redis
start_gateway --redis "redis://127.0.0.1:$REDIS_PORT"

check "redis answers PING: status ok" overall_and_redis ok ok
stop redis
check "redis stopped: unreachable, status degraded" overall_and_redis degraded unreachable
check "redis back: status ok" comes_back
stop redis
start_redis --requirepass right-password
check "no password: degraded" refuses_the_password "redis://127.0.0.1:$REDIS_PORT"
check "wrong password: degraded, and shown nowhere" \
  refuses_the_password "redis://:wrong-password@127.0.0.1:$REDIS_PORT"
check "right password: ok" takes_the_password "redis://:right-password@127.0.0.1:$REDIS_PORT"
check "right user and password: ok" \
  takes_the_password "redis://default:right-password@127.0.0.1:$REDIS_PORT/0"
check "an HTTP server is no redis: degraded" http_is_no_redis
finish
