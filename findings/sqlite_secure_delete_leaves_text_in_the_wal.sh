#!/usr/bin/env bash
# What:     SQLite 3.40.1 (Debian 12): PRAGMA secure_delete in WAL mode.
# Guess:    with secure_delete on, a deleted text is in none of the database's files once a full
#           checkpoint has reported that it carried over the whole log. And the setting is off
#           unless it is asked for, as SQLite's documentation says.
# Seen:     the text is gone from the database file, but not from the log: the -wal file keeps the
#           frames with which it once came in, also after checkpoints FULL and RESTART, which only
#           mark the log for reuse. It stays until other writes happen to cover it, or the last
#           connection closes. Only wal_checkpoint(TRUNCATE) takes it away. `fast`, which is said to
#           cost no I/O, keeps the text in the database file, too. And in Debian's library the
#           setting is on from the start, so that one program deletes differently by where it is
#           linked.
# Output:   default: 1
#           on, before: in turns.db turns.db-wal
#           on, after FULL: in turns.db-wal
#           on, after RESTART: in turns.db-wal
#           on, after TRUNCATE: in no file
#           fast, after TRUNCATE: in turns.db
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'libsqlite3-0=3.40.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(echo "$work"/usr/lib/*-linux-gnu)
cd "$work"

cat >finding.py <<'PY'
import os
import sqlite3
import tempfile

SECRET = "a secret of the user"
print("default:", *sqlite3.connect(":memory:").execute("PRAGMA secure_delete").fetchone())

def attempt(setting, checkpoints):
    with tempfile.TemporaryDirectory(dir=".") as folder:
        database = sqlite3.connect(folder + "/turns.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = wal")
        database.execute(f"PRAGMA secure_delete = {setting}")
        database.execute("CREATE TABLE turns (text)")
        database.executemany("INSERT INTO turns VALUES (?)", [(SECRET + "." * 300,)] * 50)
        database.execute("PRAGMA wal_checkpoint(FULL)")

        def report(when):
            names = [name for name in ("turns.db", "turns.db-wal")
                     if SECRET.encode() in open(f"{folder}/{name}", "rb").read()]
            print(f"{setting}, {when}: in", *names or ["no file"])

        if len(checkpoints) > 1:
            report("before")
        database.execute("DELETE FROM turns")
        for checkpoint in checkpoints:
            busy, *_ = database.execute(f"PRAGMA wal_checkpoint({checkpoint})").fetchone()
            assert not busy
            report(f"after {checkpoint}")
        database.close()

assert sqlite3.sqlite_version == "3.40.1"
attempt("on", ["FULL", "RESTART", "TRUNCATE"])
attempt("fast", ["TRUNCATE"])
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
default: 1
on, before: in turns.db turns.db-wal
on, after FULL: in turns.db-wal
on, after RESTART: in turns.db-wal
on, after TRUNCATE: in no file
fast, after TRUNCATE: in turns.db
EXPECTED
