#!/usr/bin/env bash
# What:     openai 7.59.0, @anthropic-ai/sdk 1.14.0 and groq-sdk 1.6.0 (npm) on Node.js 20, three
#           clients of one generator: how long a 503 with `Retry-After` makes them wait before they
#           send the request again.
# Guess:    all three alike, since their retries are the same code: what the field says up to a
#           minute, and their own half a second for more than that, for 0 and for what is no number.
# Seen:     up to 60 they are alike. For 120 openai comes back after half a second, the two others
#           wait two minutes; for an hour they wait the hour, with no word to their caller and
#           beyond the client's `timeout`, which is for one attempt. 9999999 is more than a timer of
#           Node.js can hold: groq-sdk comes back at once. So does it for a word and for a date that
#           has passed. 0 is at once for two and half a second for anthropic. A server that means
#           "not before an hour" is asked at once by one client and silences another for the hour;
#           to have all of them back soon it says 60 or less, to have none back `x-should-retry: false`.
# Output:   60: openai 60 s, anthropic 60 s, groq 60 s
#           120: openai about half a second, anthropic 120 s, groq 120 s
#           3600: openai about half a second, anthropic 3600 s, groq 3600 s
#           9999999: openai about half a second, anthropic about half a second, groq 9999999 s, which Node.js makes 1 ms
#           0: openai at once, anthropic about half a second, groq at once
#           soon: openai about half a second, anthropic about half a second, groq at once
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openai@7.59.0 @anthropic-ai/sdk@1.14.0 groq-sdk@1.6.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import Groq from 'groq-sdk';
import OpenAI from 'openai';

let retryAfter;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(503, { 'retry-after': retryAfter }).end('{}'));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const options = { apiKey: 'key', baseURL: `http://127.0.0.1:${server.address().port}`, maxRetries: 1 };
const messages = [{ role: 'user', content: 'a question' }];
const clients = {
  openai: () => new OpenAI(options).chat.completions.create({ model: 'm', messages }),
  anthropic: () => new Anthropic(options).messages.create({ model: 'm', messages, max_tokens: 9 }),
  groq: () => new Groq(options).chat.completions.create({ model: 'm', messages }),
};

// The clients' pauses between two attempts are noted and left out.
const setTimer = globalThis.setTimeout;
let pause;
globalThis.setTimeout = (run, time, ...more) => {
  if (!/\bsleep\b/.test(new Error().stack)) return setTimer(run, time, ...more);
  pause = time;
  return setTimer(run, 0, ...more);
};
function inWords(time) {
  if (!(time > 0)) return 'at once';
  if (time > 2 ** 31 - 1) return `${time / 1000} s, which Node.js makes 1 ms`;
  return time > 300 && time <= 500 ? 'about half a second' : `${time / 1000} s`;
}
for (retryAfter of ['60', '120', '3600', '9999999', '0', 'soon']) {
  const waits = [];
  for (const [name, ask] of Object.entries(clients)) {
    pause = 0;
    await ask().catch(() => {});
    waits.push(`${name} ${inWords(pause)}`);
  }
  console.log(`${retryAfter}: ${waits.join(', ')}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
60: openai 60 s, anthropic 60 s, groq 60 s
120: openai about half a second, anthropic 120 s, groq 120 s
3600: openai about half a second, anthropic 3600 s, groq 3600 s
9999999: openai about half a second, anthropic about half a second, groq 9999999 s, which Node.js makes 1 ms
0: openai at once, anthropic about half a second, groq at once
soon: openai about half a second, anthropic about half a second, groq at once
EXPECTED
