#!/usr/bin/env bash
# What:     systemd-analyze 252.39 (Debian 12): the exit code of `systemd-analyze verify FILE` for units
#           with one mistake each.
# Guess:    0 for a unit without mistakes, and another one for a misspelt setting, a value that
#           cannot be read, an unknown section and a program that does not exist.
# Seen:     only the program that does not exist is a failure. Whatever systemd would ignore is
#           ignored here, too: a line on standard error and exit code 0, so that a CI step passes a
#           service whose `Restrt=always`, limits and timeouts are not there. What looks like a
#           shell's line (a comment behind the command, a pipe) has not even a line: it is
#           arguments of the program. A CI step has to fail when anything is printed.
# Output:   no mistake: exit code 0, silent
#           Restrt=always: exit code 0, Unknown key 'Restrt' in section [Service], ignoring.
#           Restart=sometimes: exit code 0, Failed to parse service restart specifier, ignoring: sometimes
#           MemoryMax=lots: exit code 0, Invalid memory limit 'lots', ignoring: Invalid argument
#           TimeoutStopSec=soon: exit code 0, Failed to parse time value, ignoring: soon
#           LimitNOFILE=20k: exit code 0, Failed to parse resource value, ignoring: 20k
#           [Instal]: exit code 0, Unknown section 'Instal'. Ignoring.
#           ExecStart=/usr/bin/true # a comment: exit code 0, silent
#           ExecStart=/usr/bin/true | /usr/bin/cat: exit code 0, silent
#           ExecStart=/no/such/program: exit code 1, Command /no/such/program is not executable: No such file or directory
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'systemd=252.39-*' 'libsystemd-shared=252.39-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
analyze=$(find "$work" -path '*/bin/systemd-analyze' -type f | head -n 1)
LD_LIBRARY_PATH=$(dirname "$(find "$work" -name 'libsystemd-shared-252.so' | head -n 1)")
export LD_LIBRARY_PATH
cd "$work"

verify() { # NAME LINE
  printf '[Unit]\nDescription=A service\n[Service]\n%b\n' "$2" >finding.service
  local code=0
  "$analyze" verify --man=no ./finding.service >said 2>&1 || code=$?
  local text
  text=$(grep -m1 . said | sed 's/^[^ ]*finding.service:\([0-9]*:\)\? *//') || text=silent
  echo "$1: exit code $code, $text"
}
good='ExecStart=/usr/bin/true'
{
  verify 'no mistake' "$good"
  for line in Restrt=always Restart=sometimes MemoryMax=lots TimeoutStopSec=soon LimitNOFILE=20k; do
    verify "$line" "$good\n$line"
  done
  verify '[Instal]' "$good\n[Instal]\nWantedBy=multi-user.target"
  for line in "$good # a comment" "$good | /usr/bin/cat" ExecStart=/no/such/program; do verify "$line" "$line"; done
} | tee seen
diff - seen <<'EXPECTED'
no mistake: exit code 0, silent
Restrt=always: exit code 0, Unknown key 'Restrt' in section [Service], ignoring.
Restart=sometimes: exit code 0, Failed to parse service restart specifier, ignoring: sometimes
MemoryMax=lots: exit code 0, Invalid memory limit 'lots', ignoring: Invalid argument
TimeoutStopSec=soon: exit code 0, Failed to parse time value, ignoring: soon
LimitNOFILE=20k: exit code 0, Failed to parse resource value, ignoring: 20k
[Instal]: exit code 0, Unknown section 'Instal'. Ignoring.
ExecStart=/usr/bin/true # a comment: exit code 0, silent
ExecStart=/usr/bin/true | /usr/bin/cat: exit code 0, silent
ExecStart=/no/such/program: exit code 1, Command /no/such/program is not executable: No such file or directory
EXPECTED
