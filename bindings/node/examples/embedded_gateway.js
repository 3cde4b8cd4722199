'use strict';
// The whole operator API in a Node process, served by node:http, with madre answering in JavaScript.
//   node embedded_gateway.js [PORT]       default: 8000; 0 picks a free one

const http = require('node:http');
const {
  FunctionTransport, HealthAggregator, OperatorApi, PowerClient, Router, SessionStore,
} = require('..');

const token = process.env.VX11_GATEWAY_TOKEN ?? 'vx11-local-token';

/** Answers chats and reports that only the three core services run. */
function answerAsMadre(request) {
  if (request.target === '/madre/power/state') {
    return {
      body: JSON.stringify({
        policy: 'solo_madre',
        active_windows: [],
        running_services: ['madre', 'tentaculo_link', 'redis'],
        available_services: [],
      }),
    };
  }
  if (request.target === '/madre/chat') {
    const { message } = JSON.parse(request.body.toString());
    return { body: JSON.stringify({ response: `madre heard: ${message}` }) };
  }
  return { body: '{}' };
}

function makeApi() {
  const transport = new FunctionTransport(answerAsMadre);
  const url = 'http://madre.internal';
  const power = new PowerClient(url, { transport });
  return new OperatorApi({
    auth: { token },
    primary: 'madre',
    router: new Router({ targets: [{ name: 'madre', url, transport }] }),
    health: new HealthAggregator({
      components: [
        { name: 'tentaculo_link', check: 'self' },
        { name: 'madre', check: 'http', url, transport, required: true },
      ],
      power,
    }),
    power,
    sessions: new SessionStore(),
  });
}

/** Node's rawHeaders is one flat list of alternating names and values. */
function pairsOf(rawHeaders) {
  const pairs = [];
  for (let i = 0; i < rawHeaders.length; i += 2) pairs.push([rawHeaders[i], rawHeaders[i + 1]]);
  return pairs;
}

async function serve(api, request, response) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const answer = await api.handle({
    method: request.method,
    target: request.url,
    headers: pairsOf(request.rawHeaders),
    body: Buffer.concat(pieces),
  });
  response.writeHead(answer.status, answer.headers.flat());
  response.end(answer.body);
}

const api = makeApi();
const server = http.createServer((request, response) => {
  serve(api, request, response).catch(() => response.destroy());
});
server.listen(Number(process.argv[2] ?? 8000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
