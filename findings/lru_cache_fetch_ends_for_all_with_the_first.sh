#!/usr/bin/env bash
# What:     lru-cache 11.5.3 (npm) on Node.js 20: `fetch()` with a `fetchMethod`, as for a list of models or a key set, called by two
#           requests at a time, each with the AbortSignal of its own client; the first client leaves, or the second.
# Guess:    the client that leaves gets the rejection, and the other one the value; the upstream is left when both have gone.
# Seen:     the first one's signal ends the fetch for all: the request of the second, whose client waits, rejects with the first
#           one's reason, and nothing is cached. The second one's signal does nothing at all: its call is still pending after
#           its client has left, and resolves with the value. So one user's closed tab is an error for everyone who asked in the same
#           moment, by chance of who came first. Signals belong around the call, and not into it.
# Output:   the first leaves: first rejects with "client 1 left", second rejects with "client 1 left"; cached: no
#           the second leaves: first has the value, second has the value; cached: yes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund lru-cache@11.5.3 || exit 2

cat >finding.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';

async function observe(title, leaving) {
  const fetchMethod = (key, stale, { signal }) => pause(400, 'value', { signal }).catch(() => { throw signal.reason; });
  const cache = new LRUCache({ max: 10, fetchMethod });
  const clients = [new AbortController(), new AbortController()];
  const calls = clients.map(({ signal }) => cache.fetch('models', { signal })
    .then((value) => `has the ${value}`, (error) => `rejects with "${error.message}"`));
  await pause(100);
  clients[leaving].abort(new Error(`client ${leaving + 1} left`));
  const [first, second] = await Promise.all(calls);
  console.log(`${title}: first ${first}, second ${second}; cached: ${cache.has('models') ? 'yes' : 'no'}`);
}
await observe('the first leaves', 0);
await observe('the second leaves', 1);
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
the first leaves: first rejects with "client 1 left", second rejects with "client 1 left"; cached: no
the second leaves: first has the value, second has the value; cached: yes
EXPECTED
