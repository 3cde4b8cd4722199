#!/usr/bin/env bash
# What:     winston 3.19.0 and pino 10.4.0 (npm) on Node.js 20, each with a log file: a process that has run for a while
#           logs 20 lines and ends, by process.exit(1) or by an error that is not caught, as one does after it has
#           logged why.
# Guess:    the lines are in the file: both libraries are made for it.
# Seen:     winston writes the first one or two, and the rest, with the reason, is lost. logger.end(), the event
#           "finish" and a moment after it keep them; an uncaught error leaves no time for that. pino writes all, with
#           its buffered destination and its worker thread too, since it writes what is left when the process ends.
# Output:   winston: exit a part, uncaught error a part, end() and "finish" before the exit all 20
#           pino: exit all 20, uncaught error all 20
#           pino, sync: false: exit all 20, uncaught error all 20
#           pino, transport: exit all 20, uncaught error all 20
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund winston@3.19.0 pino@10.4.0 || exit 2

cat >finding.mjs <<'JS'
import pino from 'pino';
import winston from 'winston';

const [, , name, end, file] = process.argv;
const logger = {
  winston: () => winston.createLogger({ transports: [new winston.transports.File({ filename: file })] }),
  pino: () => pino(pino.destination(file)),
  'pino, sync: false': () => pino(pino.destination({ dest: file, sync: false, minLength: 4096 })),
  'pino, transport': () => pino(pino.transport({ target: 'pino/file', options: { destination: file } })),
}[name]();
setTimeout(() => {
  for (let line = 1; line <= 20; line++) logger.error(`reason ${line}`);
  if (end === 'exit') process.exit(1);
  if (end === 'error') throw new Error('not caught');
  logger.on('finish', () => setTimeout(() => process.exit(1), 200)).end();
}, 1000);
JS

lines() { # NAME END
  rm -f log
  node finding.mjs "$1" "$2" log >/dev/null 2>&1 || true
  [ "$(grep -c '"reason ' log)" = 20 ] && echo 'all 20' || echo 'a part'
}
{
  echo "winston: exit $(lines winston exit), uncaught error $(lines winston error)," \
    "end() and \"finish\" before the exit $(lines winston finish)"
  for name in pino 'pino, sync: false' 'pino, transport'; do
    echo "$name: exit $(lines "$name" exit), uncaught error $(lines "$name" error)"
  done
} | tee seen
diff - seen <<'EXPECTED'
winston: exit a part, uncaught error a part, end() and "finish" before the exit all 20
pino: exit all 20, uncaught error all 20
pino, sync: false: exit all 20, uncaught error all 20
pino, transport: exit all 20, uncaught error all 20
EXPECTED
