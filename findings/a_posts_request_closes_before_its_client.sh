#!/usr/bin/env bash
# What:     express 5.3.0 (npm) on Node.js 20: which events say that a client left in the middle of a
#           streamed answer, to a GET and to a POST whose body `express.json()` has read.
# Guess:    request 'close' and 'aborted' and response 'close', all when the client leaves; the
#           first is what handlers of chats use to stop the model.
# Seen:     so for the GET. For the POST, request 'close' comes as soon as the handler waits for
#           anything, with the client there and reading: a handler that stops its work then stops
#           it at once, and one that listens only after its first `await` never hears of it. 'aborted'
#           does not come at all. Response 'close' is right in both: with `writableFinished` false
#           it means that the client left.
# Output:   GET: request open while the client reads; when it leaves: aborted, request close, response close
#           POST: request close while the client reads; when it leaves: response close
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund express@5.3.0 || exit 2

cat >finding.mjs <<'JS'
import express from 'express';

let seen = [];
const app = express();
app.use(express.json());
app.all('/', (request, response) => {
  request.on('aborted', () => seen.push('aborted')).on('close', () => seen.push('request close'));
  response.on('close', () => seen.push('response close'));
  response.write('the beginning');
});
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"question":"?"}' };
for (const [name, options] of Object.entries({ GET: {}, POST: json })) {
  seen = [];
  const leaving = new AbortController();
  await fetch(`http://127.0.0.1:${server.address().port}`, { ...options, signal: leaving.signal });
  await pause(1000);
  const before = seen;
  seen = [];
  leaving.abort();
  await pause(1000);
  const open = before.length ? before.join(', ') : 'request open';
  console.log(`${name}: ${open} while the client reads; when it leaves: ${seen.sort().join(', ')}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
GET: request open while the client reads; when it leaves: aborted, request close, response close
POST: request close while the client reads; when it leaves: response close
EXPECTED
