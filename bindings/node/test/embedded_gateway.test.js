'use strict';
// Tests the example that embeds the operator API, over HTTP.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { test } = require('node:test');

const EXAMPLE = path.join(__dirname, '..', 'examples', 'embedded_gateway.js');

test('the embedded gateway answers the operator endpoints', async (t) => {
  const server = spawn(process.execPath, [EXAMPLE, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill());
  const [line] = await once(server.stdout, 'data');
  const url = String(line).replace('listening on ', '').trim();
  const headers = { 'content-type': 'application/json', 'x-vx11-token': 'vx11-local-token' };

  const chat = await fetch(`${url}/operator/chat/ask`, {
    method: 'POST', headers, body: JSON.stringify({ message: 'hello', session_id: 's' }),
  });
  assert.equal((await chat.json()).response, 'madre heard: hello');

  const status = await (await fetch(`${url}/operator/status`, { headers })).json();
  assert.equal(status.components.madre.status, 'ok');

  const state = await (await fetch(`${url}/operator/power/state`, { headers })).json();
  assert.equal(state.policy, 'solo_madre');

  assert.equal((await fetch(`${url}/operator/status`)).status, 401);
});
