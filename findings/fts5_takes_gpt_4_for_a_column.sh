#!/usr/bin/env bash
# What:     FTS5 of SQLite 3.40.1 (Debian 12): what a person types into a search box over chats, passed as the parameter of
#           `MATCH ?`, so that nothing is quoted by hand.
# Guess:    a bound parameter is data: the words are searched, punctuation is passed over, as the tokenizer does with the text.
# Seen:     it is a query in a language of its own. "gpt-4" is an error, since the hyphen leaves out a column, "no such column:
#           4"; so are "what?", "c++", "3.5" and "it's", as syntax errors. Each word has to stand in double quotes, with its own
#           doubled; then each of them is found.
# Output:   gpt-4: no such column: 4; quoted: found
#           what?: fts5: syntax error near "?"; quoted: found
#           c++: fts5: syntax error near "+"; quoted: found
#           3.5: fts5: syntax error near "."; quoted: found
#           it's: fts5: syntax error near "'"; quoted: found
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

database = sqlite3.connect(":memory:")
database.execute("CREATE VIRTUAL TABLE chats USING fts5(text)")
database.execute("INSERT INTO chats VALUES ('what? it''s gpt-4 or 3.5, in c++')")

def search(words):
    try:
        rows = database.execute("SELECT * FROM chats WHERE chats MATCH ?", (words,)).fetchall()
        return "found" if rows else "not found"
    except sqlite3.OperationalError as error:
        return str(error)

assert sqlite3.sqlite_version == "3.40.1"
for words in ["gpt-4", "what?", "c++", "3.5", "it's"]:
    quoted = '"' + words.replace('"', '""') + '"'
    print(f"{words}: {search(words)}; quoted: {search(quoted)}")
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
gpt-4: no such column: 4; quoted: found
what?: fts5: syntax error near "?"; quoted: found
c++: fts5: syntax error near "+"; quoted: found
3.5: fts5: syntax error near "."; quoted: found
it's: fts5: syntax error near "'"; quoted: found
EXPECTED
