#!/usr/bin/env bash
# What:     @tanstack/query-core 5.108.4 (npm) on Node.js 20, what React Query is made of: `experimental_streamedQuery` over a chat
#           whose first stream breaks behind two words and whose second is whole, with the three values of `refetchMode` and
#           `retry: 3` as in a browser; and a page that is left amid the answer.
# Guess:    a repeat begins anew in each mode: `refetchMode` is about what is asked for again, not about an attempt that failed. Once
#           nothing shows the query, the stream is left, as each other query with an open request is.
# Seen:     with "append" the words of the attempt that broke stay, and those of the repeat follow: the query is a success, and its
#           data an answer that begins twice. With "reset" and "replace" it is whole. The stream of a page that was left is read
#           to its end, so that the model runs on, unless `streamFn` uses the `signal` it gets; then it is left, and the part
#           that had come stays in the cache as a success: who returns within `staleTime` reads it as the answer.
# Output:   reset: success, 2 requests, "one two three"
#           append: success, 2 requests, "one two one two three"
#           replace: success, 2 requests, "one two three"
#           left: read to its end; success, whole
#           left, signal used: left; success, a part
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @tanstack/query-core@5.108.4 || exit 2

cat >finding.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises';
import { experimental_streamedQuery as streamedQuery, QueryClient, QueryObserver } from '@tanstack/query-core';

const client = new QueryClient({ defaultOptions: { queries: { retry: 3, retryDelay: 50 } } });
for (const refetchMode of ['reset', 'append', 'replace']) {
  let requests = 0;
  async function* answer() {
    const breaks = ++requests === 1;
    for (const word of ['one', 'two', 'three']) {
      await pause(20);
      if (breaks && word === 'three') throw new Error('the connection was cut');
      yield word;
    }
  }
  const observer = new QueryObserver(client, { queryKey: [refetchMode], queryFn: streamedQuery({ streamFn: answer, refetchMode }) });
  const unsubscribe = observer.subscribe(() => {});
  await pause(600);
  const { status, data } = observer.getCurrentResult();
  console.log(`${refetchMode}: ${status}, ${requests} requests, "${data.join(' ')}"`);
  unsubscribe();
}

async function leave(title, usesSignal) {
  let read = 0;
  async function* answer(signal) {
    for (; read < 20; read++) {
      await pause(30);
      signal?.throwIfAborted(); // as fetch does
      yield 'word';
    }
  }
  const queryKey = [title];
  const queryFn = streamedQuery({ streamFn: (context) => answer(usesSignal ? context.signal : undefined) });
  const unsubscribe = new QueryObserver(client, { queryKey, queryFn }).subscribe(() => {});
  await pause(200);
  unsubscribe();
  await pause(1500);
  const { status, data } = client.getQueryState(queryKey);
  console.log(`${title}: ${read === 20 ? 'read to its end' : 'left'}; ${status}, ${data.length < 20 ? 'a part' : 'whole'}`);
}
await leave('left', false);
await leave('left, signal used', true);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
reset: success, 2 requests, "one two three"
append: success, 2 requests, "one two one two three"
replace: success, 2 requests, "one two three"
left: read to its end; success, whole
left, signal used: left; success, a part
EXPECTED
