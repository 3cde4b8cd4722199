#!/usr/bin/env bash
# The systemd unit: verified, with a low exposure level, and with no setting that systemd would ignore.
#   unit_test.sh DEPLOY-FOLDER GATEWAY
set -uo pipefail

readonly DEPLOY=$1 GATEWAY=$2 MOST=20 # 2.0
if ! command -v systemd-analyze >/dev/null; then
  echo "skipped: there is no systemd-analyze; apt-get install systemd"
  exit 77
fi
work=$(mktemp -d) && readonly work
trap 'rm -rf "$work"' EXIT
failed=0

# check NAME COMMAND…
check() {
  local name=$1
  shift
  if "$@" >"$work/said" 2>&1; then echo "ok   $name"; else
    echo "FAIL $name"
    sed 's/^/       /' "$work/said"
    failed=1
  fi
}

# What systemd ignores is printed, with exit code 0: nothing may be printed.
verifies() {
  systemd-analyze verify --man=no "$1" 2>&1 | tee "$work/printed"
  [[ ${PIPESTATUS[0]} == 0 && ! -s $work/printed ]]
}

# The level is 0.0 to 10.0; the threshold is ten times that.
is_confined() {
  systemd-analyze security --no-pager --offline=yes --threshold=$MOST "$1"
}

fails() { ! "$@"; }
has() { grep -qx "$1" "$work/vx11-gateway.service"; }

sed "s|^ExecStart=/usr/bin/vx11-gateway|ExecStart=$GATEWAY|" "$DEPLOY/vx11-gateway.service" \
  >"$work/vx11-gateway.service"
sed 's/^WatchdogSec=/WatchdogSecs=/' "$work/vx11-gateway.service" >"$work/misspelt.service"
sed '/^Protect/d; /^SystemCall/d; /^Restrict/d' "$work/vx11-gateway.service" >"$work/open.service"

check "systemd-analyze verify is silent" verifies "$work/vx11-gateway.service"
check "a misspelt setting would be noticed" fails verifies "$work/misspelt.service"
check "the exposure level is at most 2.0" is_confined "$work/vx11-gateway.service"
check "a unit without its protections would be noticed" fails is_confined "$work/open.service"
for line in Type=notify DynamicUser=yes NoNewPrivileges=yes 'WatchdogSec=.*' 'ExecReload=kill -HUP $MAINPID'; do
  check "it has $line" has "$line"
done
# The backend's has the same protections.
if [[ -n ${OPERATOR:-} ]]; then
  sed "s|^ExecStart=/usr/bin/vx11-operator|ExecStart=$OPERATOR|" "$DEPLOY/vx11-operator.service" \
    >"$work/vx11-operator.service"
  check "systemd-analyze verify is silent about vx11-operator.service" verifies "$work/vx11-operator.service"
  check "its exposure level is at most 2.0" is_confined "$work/vx11-operator.service"
fi
exit $failed
