#!/usr/bin/env bash
# What:     SQLite 3.40.1 (Debian 12), the backup interface from Python 3.11, `Connection.backup(pages=50)`, of a database of 20 MB
#           in WAL mode, with a pause of 10 ms after each step so that the disk has room for others; another process commits
#           one small row 20 times a second.
# Guess:    a hundred steps, about a second: WAL readers keep their snapshot, whatever is written meanwhile.
# Seen:     between two steps there is no snapshot: each commit of another process starts the copy anew from its first page. It
#           had begun more than a hundred times after ten seconds and never came to an end; beside a service that writes all
#           the time it never does. In one step (`pages=-1`, the default) it is done at once, beside the same writer; so is
#           VACUUM INTO.
# Output:   50 pages a step: not done after 10 s, begun anew more than 50 times
#           one step: done
#           VACUUM INTO: done
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'libsqlite3-0=3.40.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(echo "$work"/usr/lib/*-linux-gnu)

cat >finding.py <<'PY'
import sqlite3
import subprocess
import sys
import time

WRITER = """
import sqlite3, time
database = sqlite3.connect("busy.db", timeout=10)
while True:
    database.execute("INSERT INTO rows VALUES ('small')")
    database.commit()
    time.sleep(0.05)
"""
assert sqlite3.sqlite_version == "3.40.1"
database = sqlite3.connect("busy.db", timeout=10)
database.execute("PRAGMA journal_mode = WAL")
database.execute("CREATE TABLE rows (content)")
database.executemany("INSERT INTO rows VALUES (randomblob(?))", [(1000,)] * 20000)
database.commit()
writer = subprocess.Popen([sys.executable, "-c", WRITER])

class TooLong(Exception):
    pass

def backup(pages):
    left, restarts, begun = None, 0, time.monotonic()
    def after_step(_, remaining, __):
        nonlocal left, restarts
        restarts += left is not None and remaining > left
        left = remaining
        time.sleep(0.01)
        if time.monotonic() - begun > 10:
            raise TooLong
    try:
        database.backup(sqlite3.connect(f"copy{pages}.db"), pages=pages, progress=after_step)
        return "done"
    except TooLong:
        return f"not done after 10 s, begun anew {'more than 50' if restarts > 50 else restarts} times"

try:
    time.sleep(1)
    print("50 pages a step:", backup(50))
    print("one step:", backup(-1))
    database.execute("VACUUM INTO 'vacuumed.db'")
    print("VACUUM INTO: done")
finally:
    writer.kill()
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
50 pages a step: not done after 10 s, begun anew more than 50 times
one step: done
VACUUM INTO: done
EXPECTED
