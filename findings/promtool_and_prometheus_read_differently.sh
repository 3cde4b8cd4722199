#!/usr/bin/env bash
# What:     promtool 2.42.0 `check metrics` beside the scrape of Prometheus 2.42.0 (Debian 12), on the same texts.
# Guess:    promtool reads as the server does: what it passes is scraped whole, and what it calls a parse error is not scraped.
# Seen:     they use different parsers. promtool passes, with exit code 0, a series that stands twice (the server keeps the
#           first value and drops the other), a counter below 0, a histogram whose buckets decrease, and no text at
#           all. It refuses a last line without a line feed, and HELP or TYPE after the first sample, both of which the
#           server scrapes without complaint. Exit code 0 of promtool does not mean that the numbers will arrive.
# Output:   TEXT: exit code of promtool; health of the target, samples read by the server, value that it stored
#           twice: 0; up, 2 samples, 1
#           negative: 0; up, 1 samples, -5
#           decreasing: 0; up, 5 samples, 9
#           nothing: 0; up, 0 samples, none
#           no_line_feed: 1; up, 1 samples, 7
#           late_type: 1; up, 1 samples, 7
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'prometheus=2.42.0*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH
mkdir "$work/texts"
cd "$work/texts"

printf '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1"} 1\na_total{x="1"} 2\n' >twice
printf '# HELP a_total A.\n# TYPE a_total counter\na_total -5\n' >negative
printf '%s\n' '# HELP a_seconds A.' '# TYPE a_seconds histogram' 'a_seconds_bucket{le="1"} 5' \
  'a_seconds_bucket{le="2"} 3' 'a_seconds_bucket{le="+Inf"} 2' 'a_seconds_sum 1' 'a_seconds_count 9' >decreasing
printf '' >nothing
printf '# HELP a_total A.\n# TYPE a_total counter\na_total 7' >no_line_feed
printf 'a_total 7\n# HELP a_total A.\n# TYPE a_total counter\n' >late_type
names=(twice negative decreasing nothing no_line_feed late_type)

cat >"$work/origin.py" <<'PY'
import http.server
import os
import sys

class Texts(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = open("." + self.path, "rb").read()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Texts)
with open(sys.argv[1] + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
PY
/usr/bin/python3 "$work/origin.py" "$work" &
until [[ -e $work/port ]]; do sleep 0.05; done

{
  printf 'global:\n  scrape_interval: 1s\nscrape_configs:\n'
  for name in "${names[@]}"; do
    printf -- "- {job_name: %s, metrics_path: /%s, static_configs: [{targets: ['127.0.0.1:%s']}]}\n" \
      "$name" "$name" "$(<"$work/port")"
  done
} >"$work/prometheus.yml"
port=21000
while : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do port=$((port + 1)); done
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
  --web.listen-address="127.0.0.1:$port" 2>"$work/log" &

api=http://127.0.0.1:$port/api/v1
# value QUERY: of the one series that it gives, or "none"
value() {
  curl -sS -G "$api/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // "none"'
}
scraped() { # TEXT
  curl -sS "$api/targets" 2>/dev/null | jq -r --arg job "$1" '.data.activeTargets[] | select(.labels.job == $job) | .health'
}
for name in "${names[@]}"; do
  until [[ $(scraped "$name") == up || $(scraped "$name") == down ]]; do sleep 0.2; done
done
until [[ $(value 'count(scrape_samples_scraped)') == "${#names[@]}" ]]; do sleep 0.2; done

for name in "${names[@]}"; do
  code=0
  promtool check metrics <"$name" >/dev/null 2>&1 || code=$?
  echo "$name: $code; $(scraped "$name"), $(value "scrape_samples_scraped{job='$name'}") samples," \
    "$(value "{__name__=~'a_total|a_seconds_count', job='$name'}")"
done | tee "$work/seen"
diff - "$work/seen" <<'EXPECTED'
twice: 0; up, 2 samples, 1
negative: 0; up, 1 samples, -5
decreasing: 0; up, 5 samples, 9
nothing: 0; up, 0 samples, none
no_line_feed: 1; up, 1 samples, 7
late_type: 1; up, 1 samples, 7
EXPECTED
