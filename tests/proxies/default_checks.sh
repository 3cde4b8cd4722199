#!/usr/bin/env bash
# The health checks that proxies make when none is described: OPTIONS / in HTTP/1.0 by HAProxy, OPTIONS * by Apache,
# GET / by Varnish. None of them takes the gateway for dead.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/lib.sh"

needs haproxy haproxy
needs apache2 apache2
needs varnish varnishd

haproxy_says() { # CHECK-STATUS
  curl --noproxy '*' -fsS "$PROXY/stats;csv" | awk -F, -v want="$1" '
    NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
    $2 == "a" && $column["check_status"] == want && $column["status"] == "UP" { found = 1 }
    END { exit !found }'
}
by_haproxy() {
  cat >"$WORK/check.cfg" <<CONF
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen all
  bind :8080
  stats uri /stats
  option httpchk
  server a 127.0.0.1:8000 check inter 200ms
CONF
  start_haproxy "$WORK/check.cfg"
  eventually 20 haproxy_says L7OK || unmet "not up: $(curl -sS "$PROXY/stats;csv" | tail -n 3; cat "$WORK/proxy.err")"
  end_proxy
}

has_checked() { grep -q 'Health check OPTIONS Status' "$WORK/apache.err"; }
by_apache() {
  cat >"$WORK/check.conf" <<CONF
Listen 8080
<Proxy balancer://all>
  BalancerMember http://127.0.0.1:8000 hcmethod=OPTIONS hcinterval=200ms hcfails=1
</Proxy>
ProxyPass / balancer://all/
CONF
  start_apache2 "$WORK/check.conf"
  eventually 20 has_checked || unmet "no check was made"
  ! grep 'Health check OPTIONS Status ([^0]' "$WORK/apache.err" || unmet "a check failed"
  end_proxy
}

varnish_says() { varnishadm -n "$WORK/varnish" backend.list | grep -E "^boot.a .*$1" >/dev/null; }
by_varnish() {
  cat >"$WORK/check.vcl" <<VCL
vcl 4.1;
backend a { .host = "127.0.0.1"; .port = "8000"; .probe = { .interval = 200ms; } }
VCL
  start_varnish "$WORK/check.vcl"
  eventually 20 varnish_says healthy || unmet "$(varnishadm -n "$WORK/varnish" backend.list -p)"
  end_proxy
}

# shellcheck disable=SC2034  # of start_gateway
LISTEN=127.0.0.1:$PORT_A
start_upstream
start_gateway
check "HAProxy's bare option httpchk marks it UP" by_haproxy
check "Apache's hcmethod=OPTIONS finds it well" by_apache
check "Varnish's empty probe finds it healthy" by_varnish
finish
