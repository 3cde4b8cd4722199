#!/usr/bin/env bash
# What:     @tanstack/query-core 5.108.0 (npm), the core of TanStack Query for React, Vue and Svelte, on Node.js 20: a
#           query with `refetchInterval: 200` and `refetchIntervalInBackground: true`, as a console on a wall or in a
#           second tab has it; the tab is hidden, and the server answers one request with an error.
# Guess:    it polls on in the background: the failed request is repeated (`retry: 3` by default), and if all fail, the
#           next interval is a new try.
# Seen:     the first error ends the polling. A repeat waits until the tab is shown again, whatever the interval says:
#           no request more, though the server is well at once; `status` stays "success" with the old data, `isError`
#           false. What shows it is `fetchStatus` "paused". With `retry: false` it polls on: the interval takes the
#           place of the repeats. A console that watches an outage from a hidden tab needs that.
# Output:   retry by default: visible polls, hidden polls, after one error 0 requests, status success, fetchStatus paused
#           retry: false: visible polls, hidden polls, after one error polls, status success, fetchStatus idle
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @tanstack/query-core@5.108.0 || exit 2

cat >finding.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises';
// Without a window the library takes itself for a server, which does not poll.
globalThis.window = { addEventListener() {}, removeEventListener() {} };
const { focusManager, QueryClient, QueryObserver } = await import('@tanstack/query-core');

async function observe(title, options) {
  let requests = 0, failures = 0;
  const client = new QueryClient();
  client.mount();
  const observer = new QueryObserver(client, {
    queryKey: [title],
    queryFn: async () => {
      requests++;
      if (failures-- > 0) throw new Error('503');
      return 'well';
    },
    refetchInterval: 200, refetchIntervalInBackground: true, retryDelay: 100, ...options,
  });
  const unsubscribe = observer.subscribe(() => {});
  async function polls(milliseconds) {
    requests = 0;
    await pause(milliseconds);
    return requests > 2 ? 'polls' : `${requests} requests`;
  }
  focusManager.setFocused(true);
  const visible = await polls(2000);
  focusManager.setFocused(false);
  const hidden = await polls(2000);
  failures = 1;
  while (failures > 0) await pause(10);
  await pause(50);
  const after = await polls(3000);
  while (observer.getCurrentResult().fetchStatus === 'fetching') await pause(1);
  const { status, fetchStatus } = observer.getCurrentResult();
  console.log(`${title}: visible ${visible}, hidden ${hidden}, after one error ${after},`,
    `status ${status}, fetchStatus ${fetchStatus}`);
  unsubscribe();
  client.unmount();
}
await observe('retry by default', {});
await observe('retry: false', { retry: false });
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
retry by default: visible polls, hidden polls, after one error 0 requests, status success, fetchStatus paused
retry: false: visible polls, hidden polls, after one error polls, status success, fetchStatus idle
EXPECTED
