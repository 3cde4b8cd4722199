#!/usr/bin/env bash
# Costs for users of the library: compile time of its headers compared with others, sizes, and the
# gateway's time from start to first response. Interleaved runs; medians as a Markdown table.
#   benchmarks/budget.sh [-r RUNS] [BUILD]          default: 5 runs, build/release, which has been built
set -euo pipefail
cd "$(dirname "$0")/.."
runs=5
while getopts r: option; do
  case $option in
    r) runs=$OPTARG ;;
    *) sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
build=${1:-build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compiler=${CXX:-g++}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# compile NAME: wall-clock and processor seconds on one line.
compile() {
  local TIMEFORMAT='%R %U %S'
  { time "$compiler" -std=c++20 -O2 -Iinclude -c "$work/$1.cpp" -o "$work/$1.o" 2>&3; } 3>&2 2>&1 |
    awk '{ print $1, $2 + $3 }'
}

declare -A headers=(
  [empty]='' [breaker]='<vx11/circuit_breaker.hpp>' [vx11]='<vx11/vx11.hpp>'
  [json]='<nlohmann/json.hpp>' [httplib]='<httplib.h>')
order=(empty breaker vx11 json httplib)
for name in "${order[@]}"; do
  { [[ -z ${headers[$name]} ]] || echo "#include ${headers[$name]}"; echo 'int main() {}'; } >"$work/$name.cpp"
done
for ((run = 0; run < runs; run++)); do
  for name in "${order[@]}"; do compile "$name" >>"$work/$name.times"; done
done

echo "$("$compiler" --version | head -1), -O2, medians of $runs interleaved runs"
echo
echo '| a translation unit with | s | CPU s | over an empty one, CPU s | goal |'
echo '|---|---|---|---|---|'
floor=$(cut -d' ' -f2 "$work/empty.times" | median)
declare -A goals=([breaker]='0.5' [vx11]='1.5')
for name in "${order[@]}"; do
  wall=$(cut -d' ' -f1 "$work/$name.times" | median)
  cpu=$(cut -d' ' -f2 "$work/$name.times" | median)
  over=$(awk -v a="$cpu" -v b="$floor" 'BEGIN { printf "%.2f", a - b }')
  echo "| \`${headers[$name]:-nothing}\` | $wall | $cpu | $over | ${goals[$name]:-} |"
done

echo
echo '| stripped | KiB |'
echo '|---|---|'
for file in examples/gateway/vx11-gateway bindings/c/libvx11_c.so; do
  [[ -e $build/$file ]] || continue
  strip -o "$work/stripped" "$build/$file"
  echo "| \`$(basename "$file")\` | $(($(stat -Lc %s "$work/stripped") / 1024)) |"
done
for file in src/libvx11.so src/libvx11.a; do
  [[ -e $build/$file ]] || continue
  cp -L "$build/$file" "$work/stripped" && strip --strip-debug "$work/stripped"
  echo "| \`$(basename "$file")\` | $(($(stat -Lc %s "$work/stripped") / 1024)) |"
done

# From exec to the complete response of /livez.
echo
XDG_STATE_HOME=$work VX11_TENTACULO_LINK_TOKEN=budget python3 - "$build/examples/gateway/vx11-gateway" \
  $((runs * 4)) <<'PYTHON'
import socket, statistics, subprocess, sys, time

def first_answer(program):
    begun = time.monotonic()
    gateway = subprocess.Popen([program, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    port = int(gateway.stdout.readline().rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    took = time.monotonic() - begun
    gateway.terminate()
    gateway.wait()
    return took * 1000

times = [first_answer(sys.argv[1]) for _ in range(int(sys.argv[2]))]
print(f"The gateway's first answer: {statistics.median(times):.1f} ms after its start "
      f"(median of {len(times)}; best {min(times):.1f}). Goal: 50 ms.")
PYTHON
