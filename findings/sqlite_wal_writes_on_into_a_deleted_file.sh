#!/usr/bin/env bash
# What:     SQLite 3.40.1 (Debian 12): a database file that is deleted, or moved away, while a
#           connection has it open.
# Guess:    the next write fails with SQLITE_READONLY_DBMOVED, whose message is "attempt to write a
#           readonly database": SQLite has a check and a code of its own for this.
# Seen:     only with a rollback journal. In WAL mode nothing checks: writes, commits and reads go
#           on without a word, into a file that has no name any more, and all of it is gone when
#           the process ends. Whoever opens the path meanwhile finds no table. A program that
#           keeps a WAL database open has to compare the path's device and inode with its own.
# Output:   delete, unlinked: Error: attempt to write a readonly database
#           delete, moved: Error: attempt to write a readonly database
#           wal, unlinked: 2 rows; another process: no such table
#           wal, moved: 2 rows; another process: no such table
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'sqlite3=3.40.1-*' 'libsqlite3-0=3.40.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(echo "$work"/usr/lib/*-linux-gnu)
cd "$work"

# try MODE COMMAND WORD: a row, then COMMAND on the file, then another row by the same connection
try() {
  rm -rf folder && mkdir folder
  sqlite3 folder/turns.db >said 2>&1 <<SQL || true
.bail on
.output /dev/null
PRAGMA journal_mode = $1;
CREATE TABLE turns (text);
INSERT INTO turns VALUES ('before');
.shell $2
.output stdout
INSERT INTO turns VALUES ('after');
SELECT count(*) || ' rows' FROM turns;
.shell sqlite3 folder/turns.db 'SELECT count(*) FROM turns' 2>&1 | grep -o 'no such table'
SQL
  sed 's/^Runtime error near line [0-9]*: \(.*\) (8)$/Error: \1/' said |
    sed 'N; s/\n/; another process: /' | sed "s/^/$1, $3: /"
}
{
  try delete 'rm folder/turns.db' unlinked
  try delete 'mv folder/turns.db folder/old.db' moved
  try wal 'rm folder/turns.db' unlinked
  try wal 'mv folder/turns.db folder/old.db' moved
} | tee seen
diff - seen <<'EXPECTED'
delete, unlinked: Error: attempt to write a readonly database
delete, moved: Error: attempt to write a readonly database
wal, unlinked: 2 rows; another process: no such table
wal, moved: 2 rows; another process: no such table
EXPECTED
