#!/usr/bin/env bash
# What:     the textfile collector of node_exporter 1.5.0 (Debian 12), by which backups and batch jobs report their success: two
#           files with the same metric for two jobs, where the text of HELP is alike, is in one file only, or differs; a
#           different TYPE; and a file whose last line has no newline.
# Guess:    each is a good file of its own. What cannot be read together, at most the differing TYPE, sets `node_textfile_scrape_error` to
#           1, on which the usual alert stands.
# Seen:     the second job is gone as soon as HELP is in one of the files only, or differs by a word, with
#           `node_textfile_scrape_error` 0, `node_scrape_collector_success` 1 and status 200; only
#           `promhttp_metric_handler_errors_total`, which few look at, counts. A job that is rolled out anew with a better
#           text takes the other job's metric away, and a rule such as `time() - last_success > 86400` has nothing left to
#           compare. A missing last newline is the one that sets the error.
# Output:   HELP alike: jobs a b, scrape_error 0
#           HELP in one file: jobs a, scrape_error 0
#           HELP differs: jobs a, scrape_error 0
#           TYPE differs: jobs a, scrape_error 0
#           no last newline: jobs a, scrape_error 1
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'prometheus-node-exporter=1.5.0-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
mkdir files
port=$(/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
usr/bin/prometheus-node-exporter --web.listen-address="127.0.0.1:$port" --collector.disable-defaults --collector.textfile \
  --collector.textfile.directory=files 2>log &
for ((i = 0; i < 100; i++)); do curl -sf -o /dev/null "http://127.0.0.1:$port/" && break; sleep 0.1; done

write() { # JOB TYPE HELP
  { if [[ $3 ]]; then echo "# HELP backup_success_seconds $3"; fi
    if [[ $2 ]]; then echo "# TYPE backup_success_seconds $2"; fi
    echo "backup_success_seconds{job=\"$1\"} 1700000000"; } >"files/$1.prom"
}
look() {
  [[ $(curl -s -o metrics -w '%{http_code}' "http://127.0.0.1:$port/metrics") == 200 ]] || exit 1
  grep -q 'collector_success{collector="textfile"} 1' metrics || exit 1
  echo "$1: jobs $(sed -n 's/^backup_success_seconds{job="\(.\)"}.*/\1/p' metrics | xargs)," \
    "scrape_error $(sed -n 's/^node_textfile_scrape_error //p' metrics)"
}
{
  write a gauge 'Time of the last success'
  write b gauge 'Time of the last success'
  look 'HELP alike'
  write b '' ''
  look 'HELP in one file'
  write b gauge 'Time of the last successful backup'
  look 'HELP differs'
  write b counter 'Time of the last success'
  look 'TYPE differs'
  printf 'backup_success_seconds{job="b"} 1700000000' >files/b.prom
  look 'no last newline'
} | tee seen
diff - seen <<'EXPECTED'
HELP alike: jobs a b, scrape_error 0
HELP in one file: jobs a, scrape_error 0
HELP differs: jobs a, scrape_error 0
TYPE differs: jobs a, scrape_error 0
no last newline: jobs a, scrape_error 1
EXPECTED
