# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2086  # variables of ../lib.sh and for the scripts that source this
# Starts the proxies with the configurations of docs/proxies on free ports, as a user's own processes in $WORK.
# For each proxy NAME there is start_NAME CONFIG: PROXY is its URL then. Sourced after ../lib.sh.

readonly CONFIGS=$TESTS_DIR/../docs/proxies
PORT_A=$(free_port) PORT_B=$(free_port) PROXY_PORT=$(free_port)
while [[ $PORT_B == "$PORT_A" ]]; do PORT_B=$(free_port); done
while [[ $PROXY_PORT == "$PORT_A" || $PROXY_PORT == "$PORT_B" ]]; do PROXY_PORT=$(free_port); done
readonly PORT_A PORT_B PROXY_PORT
readonly PROXY=http://127.0.0.1:$PROXY_PORT
PATH=$PATH:/usr/sbin:/sbin

# needs PACKAGE PROGRAM: skips the test where the program cannot be installed.
needs() {
  command -v "$2" >/dev/null && return
  "$TESTS_DIR/../scripts/install-packages" "$1" >/dev/null 2>&1
  command -v "$2" >/dev/null || { echo "skipped: $1 is not installed" && exit 77; }
}

# with_our_ports FILE: the file, with the ports of this test in place of the documented ones.
with_our_ports() {
  sed -e "s/127\.0\.0\.1:8000/127.0.0.1:$PORT_A/; s/127\.0\.0\.1:8100/127.0.0.1:$PORT_B/
    s/\"8000\"/\"$PORT_A\"/; s/\"8100\"/\"$PORT_B\"/" \
    -e "s/\(listen\|Listen\|bind\) :\?8080/\1 127.0.0.1:$PROXY_PORT/; s/^:8080/http:\/\/:$PROXY_PORT/" "$1"
}

# Proxies have processes of their own, which only the proxy itself ends: never by SIGKILL alone.
end_proxy() { [[ -z ${PIDS[proxy]:-} ]] || stop proxy; }
trap 'end_proxy; end_programs' EXIT

accepts() { : 2>/dev/null <"/dev/tcp/127.0.0.1/$PROXY_PORT"; }
accepts_or_is_gone() { accepts || is_gone proxy; }

# start_proxy COMMAND…: in the background, until it accepts connections.
start_proxy() {
  "$@" >"$WORK/proxy.out" 2>"$WORK/proxy.err" </dev/null {REPORT}>&- &
  PIDS[proxy]=$!
  eventually $START_LIMIT accepts_or_is_gone
  accepts || die "the proxy does not start: $*"
}

start_nginx() {
  with_our_ports "$1" >"$WORK/vx11.conf"
  mkdir -p "$WORK/nginx"
  cat >"$WORK/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $WORK/nginx.pid;
error_log $WORK/nginx.err warn;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $WORK/nginx/body;
  proxy_temp_path $WORK/nginx/proxy;
  fastcgi_temp_path $WORK/nginx/fastcgi;
  uwsgi_temp_path $WORK/nginx/uwsgi;
  scgi_temp_path $WORK/nginx/scgi;
  include $WORK/vx11.conf;
}
CONF
  chmod 777 "$WORK" "$WORK/nginx"
  start_proxy nginx -c "$WORK/nginx.conf" -e "$WORK/nginx.err"
}

start_haproxy() {
  { echo "global
  stats socket $WORK/haproxy.sock"; with_our_ports "$1"; } >"$WORK/haproxy.cfg"
  start_proxy haproxy -db -f "$WORK/haproxy.cfg"
}

start_caddy() {
  { printf '{\n\tadmin off\n\tauto_https off\n}\n'; with_our_ports "$1"; } >"$WORK/Caddyfile"
  start_proxy env HOME="$WORK" XDG_DATA_HOME="$WORK" XDG_CONFIG_HOME="$WORK" \
    caddy run --adapter caddyfile --config "$WORK/Caddyfile"
}

start_apache2() {
  local module modules=/usr/lib/apache2/modules
  {
    for module in mpm_event authz_core slotmem_shm proxy proxy_http proxy_balancer proxy_hcheck \
      lbmethod_byrequests; do
      echo "LoadModule ${module}_module $modules/mod_$module.so"
    done
    printf '%s\n' "ServerName localhost" "PidFile $WORK/apache.pid" "DefaultRuntimeDir $WORK" "Mutex sem" \
      "ErrorLog $WORK/apache.err" "LogLevel warn proxy_hcheck:debug"
    ((EUID != 0)) || printf '%s\n' 'User www-data' 'Group www-data'
    with_our_ports "$1"
  } >"$WORK/apache.conf"
  chmod 777 "$WORK"
  start_proxy apache2 -DFOREGROUND -f "$WORK/apache.conf"
}

start_varnish() {
  with_our_ports "$1" >"$WORK/varnish.vcl"
  chmod 755 "$WORK"
  start_proxy varnishd -F -a "127.0.0.1:$PROXY_PORT" -f "$WORK/varnish.vcl" -n "$WORK/varnish" -s malloc,32m
}
