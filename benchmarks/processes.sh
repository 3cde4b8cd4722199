# The processes of a benchmark, what they print and what they cost. Sourced by the scripts beside it.
# Sets work, a folder that is removed at the end, and pid and url, by the names of contenders.

work=$(mktemp -d)
chmod 755 "$work"
declare -A pid url
stop() {
  kill "${pid[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  pid=()
  rm -f "$work"/{upstream,gateway,before,after}  # otherwise the next round would read old addresses
}
trap 'stop; rm -rf "$work"' EXIT

wait_line() {  # wait_line FILE PREFIX: the rest of the first line with that prefix, once it is there
  local i line
  for ((i = 0; i < 200; i++)); do
    if line=$(grep -m1 "^$2" "$1" 2>/dev/null); then echo "${line#"$2"}"; return; fi
    sleep 0.05
  done
  echo "no '$2' in $1" >&2; cat "$1" >&2; exit 1
}
wait_port() {
  local i
  for ((i = 0; i < 400; i++)); do (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.05; done
  exit 1
}

processes() { echo "$1" $(pgrep -P "$1" || true); }
# CPU of a process and its children, in clock ticks.
cpu() {
  local total=0 p
  for p in $(processes "$1"); do
    total=$((total + $(awk '{sub(/.*\) /, ""); print $12 + $13}' "/proc/$p/stat")))
  done
  echo $total
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
