#!/usr/bin/env bash
# What:     graphql-ws 6.4.2, graphql-sse 2.6.1, @urql/exchange-retry 2.0.0 with @urql/core 6.0.3, RetryLink of @apollo/client 4.3.8,
#           @trpc/client 11.25.2 (wsLink) and socket.io-client 4.8.4 (npm) on Node.js 20, by default options: a mutation that
#           the server carries out, and whose connection breaks before the answer arrives.
# Guess:    a mutation that was sent is an error for the caller in all of them, and carried out once: only queries and
#           subscriptions are repeated.
# Seen:     the four of GraphQL send the mutation again on a new connection, and resolve with the result of the second one:
#           an order, or a chat that is paid by its tokens, is made twice, and the program knows of one. graphql-ws and graphql-sse
#           need no option for that; `retryAttempts: 0` ends it, for subscriptions too, and urql's and Apollo's `retryIf` can
#           tell mutations apart. tRPC and socket.io reject.
# Output:   graphql-ws: resolves, carried out 2 times
#           graphql-sse: resolves, carried out 2 times
#           urql with retryExchange: resolves, carried out 2 times
#           apollo with RetryLink: resolves, carried out 2 times
#           trpc: rejects, carried out once
#           socket.io: rejects, carried out once
#           graphql-ws with retryAttempts 0: rejects, carried out once
#           graphql-sse with retryAttempts 0: rejects, carried out once
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund graphql@16.15.0 graphql-ws@6.4.2 graphql-sse@2.6.1 ws@8.23.0 @urql/core@6.0.3 \
  @urql/exchange-retry@2.0.0 @apollo/client@4.3.8 rxjs@7.8.2 @trpc/client@11.25.2 @trpc/server@11.25.2 socket.io@4.8.4 \
  socket.io-client@4.8.4 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import * as apollo from '@apollo/client/core';
import { RetryLink } from '@apollo/client/link/retry';
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { Client as Urql, fetchExchange, gql } from '@urql/core';
import { retryExchange } from '@urql/exchange-retry';
import { buildSchema } from 'graphql';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { Server as SocketServer } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocket, WebSocketServer } from 'ws';

globalThis.WebSocket = WebSocket;
let count; // how often the mutation of this turn was carried out
const sockets = new Set();
// Each server has this one mutation; the first time, all connections break once it is done.
async function pay() {
  if (++count > 1) return count;
  await pause(100);
  for (const socket of sockets) socket.destroy();
  await pause(500);
  return count;
}
async function listen(server) {
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${server.address().port}`;
}
const schema = buildSchema('type Query { x: Int } type Mutation { pay: Int }');
const query = 'mutation { pay }';

const server = http.createServer();
useServer({ schema, roots: { mutation: { pay } } }, new WebSocketServer({ server }));
const ws = await listen(server);
const sse = await listen(http.createServer((request, response) => {
  request.resume().on('end', async () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
    const data = JSON.stringify({ data: { pay: await pay() } });
    response.end(`event: next\ndata: ${data}\n\nevent: complete\ndata:\n\n`);
  });
}));
const plain = await listen(http.createServer((request, response) => {
  request.resume().on('end', async () => {
    const body = JSON.stringify({ data: { pay: await pay() } });
    response.setHeader('content-type', 'application/json').end(body);
  });
}));
const t = initTRPC.create();
const trpcServer = http.createServer();
applyWSSHandler({ wss: new WebSocketServer({ server: trpcServer }), router: t.router({ pay: t.procedure.mutation(pay) }) });
const trpc = await listen(trpcServer);
const ioServer = http.createServer();
new SocketServer(ioServer).on('connection', (socket) => socket.on('pay', async (answer) => answer(await pay())));
const ioAddress = await listen(ioServer);

function subscribed(client) {
  return new Promise((resolve, reject) => {
    let value;
    client.subscribe({ query }, { next: (next) => (value = next), error: reject, complete: () => resolve(value) });
  });
}
const cases = {
  'graphql-ws': () => subscribed(createWs({ url: `ws://${ws}` })),
  'graphql-sse': () => subscribed(createSse({ url: `http://${sse}/` })),
  'urql with retryExchange': async () => {
    const client = new Urql({ url: `http://${plain}/`, exchanges: [retryExchange({}), fetchExchange] });
    const { error } = await client.mutation(gql(query), {}).toPromise();
    if (error) throw error;
  },
  'apollo with RetryLink': () => {
    const link = apollo.ApolloLink.from([new RetryLink(), new apollo.HttpLink({ uri: `http://${plain}/` })]);
    return new apollo.ApolloClient({ link, cache: new apollo.InMemoryCache() }).mutate({ mutation: apollo.gql(query) });
  },
  'trpc': () => createTRPCClient({ links: [wsLink({ client: createWSClient({ url: `ws://${trpc}` }) })] }).pay.mutate(),
  'socket.io': () => io(`http://${ioAddress}`, { transports: ['websocket'] }).emitWithAck('pay'),
  'graphql-ws with retryAttempts 0': () => subscribed(createWs({ url: `ws://${ws}`, retryAttempts: 0 })),
  'graphql-sse with retryAttempts 0': () => subscribed(createSse({ url: `http://${sse}/`, retryAttempts: 0 })),
};
process.on('unhandledRejection', () => {});
for (const [name, run] of Object.entries(cases)) {
  count = 0;
  const ended = Promise.resolve(run()).then(() => 'resolves', () => 'rejects');
  const how = await Promise.race([ended, pause(15_000).then(() => 'is pending')]);
  await pause(2500); // for repeats behind a rejection
  console.log(`${name}: ${how}, carried out ${count === 1 ? 'once' : `${count} times`}`);
}
process.exit();
JS

node --no-deprecation finding.mjs | tee seen
diff - seen <<'EXPECTED'
graphql-ws: resolves, carried out 2 times
graphql-sse: resolves, carried out 2 times
urql with retryExchange: resolves, carried out 2 times
apollo with RetryLink: resolves, carried out 2 times
trpc: rejects, carried out once
socket.io: rejects, carried out once
graphql-ws with retryAttempts 0: rejects, carried out once
graphql-sse with retryAttempts 0: rejects, carried out once
EXPECTED
