#!/usr/bin/env bash
# What:     redis_exporter 1.45.0, Redis 7.0.15 and Prometheus 2.42.0 (Debian 12), all with their default time limits:
#           Redis ends, and Redis hangs (as on a disk that stalls).
# Guess:    both are redis_up 0, which is what the usual alert (`redis_up == 0`) is made of.
# Seen:     a Redis that has ended is. With one that hangs the exporter answers after 15 s (`--connection-timeout`), and
#           Prometheus gives up after 10: no redis_up at all, so that the alert has nothing to compare and does not
#           fire. What is 0 is `up` of the exporter's target. Alert on `redis_up == 0 or up{job="redis"} == 0`, or set
#           the exporter's limit below the `scrape_timeout`; it does not heed the one that Prometheus sends with each
#           scrape.
# Output:   well: up 1, redis_up 1
#           hangs: up 0, redis_up none; the exporter alone: redis_up 0 after more than 10 s
#           hangs, --connection-timeout=2s: up 1, redis_up 0
#           ended: up 1, redis_up 0
set -euo pipefail
work=$(mktemp -d)
trap 'kill -CONT ${redis:-} 2>/dev/null || true; kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
{ apt-get download -qq 'prometheus=2.42.0*' 'prometheus-redis-exporter=1.45.0*' 'redis-server=5:7.0.15*' \
  'redis-tools=5:7.0.15*' 2>apt && for package in *.deb; do dpkg -x "$package" .; done; } || { cat apt >&2; exit 2; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
redis_port=$(free_port)
slow=$(free_port)
quick=$(free_port)
port=$(free_port)

# The package's redis-server is a link to redis-check-rdb, which lies in redis-tools.
usr/bin/redis-server --port "$redis_port" --save '' >redis.log &
redis=$!
usr/bin/prometheus-redis-exporter --redis.addr="redis://127.0.0.1:$redis_port" --web.listen-address="127.0.0.1:$slow" 2>log &
usr/bin/prometheus-redis-exporter --redis.addr="redis://127.0.0.1:$redis_port" --web.listen-address="127.0.0.1:$quick" \
  --connection-timeout=2s 2>log &
cat >prometheus.yml <<YAML
global: {scrape_interval: 11s}
scrape_configs:
- {job_name: slow, static_configs: [{targets: ['127.0.0.1:$slow']}]}
- {job_name: quick, static_configs: [{targets: ['127.0.0.1:$quick']}]}
YAML
usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$port" 2>log &
value() {
  curl -sSG "127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1" 2>/dev/null |
    jq -r '.data.result[0].value[1] // "none"'
}
both() { echo "up $(value "up{job=\"$1\"}"), redis_up $(value "redis_up{job=\"$1\"}")"; } # JOB
{
  until [ "$(both slow) $(both quick)" = 'up 1, redis_up 1 up 1, redis_up 1' ]; do sleep 0.5; done
  echo "well: $(both slow)"
  kill -STOP $redis
  until [ "$(value 'up{job="slow"}')" = 0 ] && [ "$(value 'redis_up{job="quick"}')" = 0 ]; do sleep 0.5; done
  started=$(date +%s)
  alone=$(curl -sS "127.0.0.1:$slow/metrics" | grep '^redis_up ')
  [ $(($(date +%s) - started)) -gt 10 ] && after='more than 10 s' || after='less than 10 s'
  echo "hangs: $(both slow); the exporter alone: $alone after $after"
  echo "hangs, --connection-timeout=2s: $(both quick)"
  kill -CONT $redis
  until [ "$(both slow)" = 'up 1, redis_up 1' ]; do sleep 0.5; done
  kill $redis
  until [ "$(both slow)" != 'up 1, redis_up 1' ]; do sleep 0.5; done
  echo "ended: $(both slow)"
} | tee seen
diff - seen <<'EXPECTED'
well: up 1, redis_up 1
hangs: up 0, redis_up none; the exporter alone: redis_up 0 after more than 10 s
hangs, --connection-timeout=2s: up 1, redis_up 0
ended: up 1, redis_up 0
EXPECTED
