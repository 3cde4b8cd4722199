#!/usr/bin/env bash
# What:     promtool 2.42.0 (Debian 12): `test rules` for alerts that must not fire.
# Guess:    a test that names an alert which no rule defines, or a rule file that is not there,
#           fails: it has tested nothing. A group is evaluated at its own `interval`.
# Seen:     an unknown alert is one that does not fire: with `exp_alerts: []` the test passes, and
#           so it does after the alert was renamed. A rule file that matches nothing gives a warning
#           on standard error and exit code 0, while `check config` fails for the same name if it
#           has no wildcard. The group's `interval` is passed over: all is evaluated at the test's
#           evaluation_interval. Each "does not fire" needs a "fires" of the same alert beside it.
# Output:   right name: exit code 1
#           misspelt name: exit code 0
#           no rule file: exit code 0
#           no rule file, check config: exit code 1
#           group of 5 min, after 4 min: evaluated 5 times
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'prometheus=2.42.0*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"

cat >rules.yml <<'YAML'
groups:
- name: outages
  interval: 5m
  rules:
  - {alert: Down, expr: up == 0}
  - {record: evaluated, expr: 'time()'}
YAML
# silent RULES ALERT: tests that ALERT does not fire, though `up` is 0
silent() {
  cat >test.yml <<YAML
rule_files: [$1]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series: [{series: 'up{instance="a"}', values: '0x10'}]
  alert_rule_test: [{eval_time: 5m, alertname: $2, exp_alerts: []}]
YAML
  local code=0
  promtool test rules test.yml >said 2>&1 || code=$?
  echo "exit code $code"
}
{
  echo "right name: $(silent rules.yml Down)"
  echo "misspelt name: $(silent rules.yml Donw)"
  echo "no rule file: $(silent rulez.yml Down)"
  grep -q WARNING said
  code=0
  echo 'rule_files: [rulez.yml]' >prometheus.yml
  promtool check config prometheus.yml >said 2>&1 || code=$?
  echo "no rule file, check config: exit code $code"
  cat >test.yml <<'YAML'
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series: [{series: 'up{instance="a"}', values: '0x10'}]
  promql_expr_test:
  - {expr: 'count_over_time(evaluated[10m])', eval_time: 4m, exp_samples: [{labels: '{}', value: 5}]}
YAML
  promtool test rules test.yml >said 2>&1 && echo 'group of 5 min, after 4 min: evaluated 5 times' || cat said
} | tee seen
diff - seen <<'EXPECTED'
right name: exit code 1
misspelt name: exit code 0
no rule file: exit code 0
no rule file, check config: exit code 1
group of 5 min, after 4 min: evaluated 5 times
EXPECTED
