'use strict';
// Asks a running gateway: its state, and a chat, guarded by a circuit breaker.
//   node gateway_client.js [URL]          default: http://127.0.0.1:8000

const { CircuitBreaker, HealthAggregator } = require('..');

const gateway = process.argv[2] ?? 'http://127.0.0.1:8000';
const token = process.env.VX11_GATEWAY_TOKEN ?? 'vx11-local-token';
const breaker = new CircuitBreaker({ failuresToOpen: 3, openForMs: 60000 });

const call = breaker.guard(async (path, body) => {
  const answer = await fetch(gateway + path, {
    method: body ? 'POST' : 'GET',
    headers: { 'x-vx11-token': token, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
});

async function main() {
  const health = new HealthAggregator({
    components: [{ name: 'gateway', check: 'http', url: gateway, path: '/readyz', required: true }],
  });
  console.log(`health: ${(await health.status()).overall}`);
  console.log(`power: ${(await call('/operator/power/state')).policy}`);
  console.log(`answer: ${(await call('/operator/chat/ask', { message: 'hello' })).response}`);
  console.log(`circuit: ${breaker.state}`);
}

main();
