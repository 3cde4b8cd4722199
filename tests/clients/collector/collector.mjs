// A collector, and a target of chats that reads its trace context by OpenTelemetry's propagator.
//   node collector.mjs
// Prints where it listens. POST /v1/traces is read strictly: every member has to be one of the protocol, with its
// type. POST /madre/chat answers, unless it is asked to fail. POST /__fault/down, hang, busy, partial or none decides how spans are answered;
// GET /__seen is what has arrived: {spans, resources, requests, compressed, refused, calls, mistakes}.
import http from 'node:http';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { ROOT_CONTEXT, defaultTextMapGetter, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

const require = createRequire(import.meta.url);
const protocol = require('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const Request = protocol.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

const seen = { spans: [], resources: [], requests: 0, compressed: 0, refused: 0, calls: [], mistakes: [] };
let fault = 'none';

// The JSON of OTLP has ids in hexadecimal digits where that of Protocol Buffers has base64.
const IDS = { traceId: 16, spanId: 8, parentSpanId: 8 };

function mapped(value, change) {
  if (Array.isArray(value)) return value.map((each) => mapped(each, change));
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(name, mapped(member, change))]));
}

function bytesOfId(name, value) {
  if (!(name in IDS)) return value;
  if (typeof value !== 'string' || !/^[0-9a-f]*$/.test(value) || value.length !== 2 * IDS[name] || /^0*$/.test(value)) {
    throw new Error(`${name} is no id: ${JSON.stringify(value)}`);
  }
  return new Uint8Array(Buffer.from(value, 'hex'));
}

const idOfBytes = (name, value) => (name in IDS ? Buffer.from(value).toString('hex') : value);

// Whatever the protocol does not define would not come back.
function read(text) {
  const sent = JSON.parse(text);
  const message = Request.fromObject(mapped(sent, bytesOfId));
  const mistake = Request.verify(message);
  if (mistake) throw new Error(mistake);
  const copy = Request.decode(Request.encode(message).finish());
  const plain = mapped(Request.toObject(copy, { longs: String, enums: Number, bytes: Array, arrays: false }), idOfBytes);
  const found = differences(sent, plain, '');
  if (found.length > 0) throw new Error(`not of the protocol: ${found.join(', ')}`);
  return sent;
}

// Lists that are empty, and values that are the default, are left out by the protocol.
function differences(sent, back, path) {
  if (sent !== null && typeof sent === 'object') {
    return Object.entries(sent).flatMap(([name, value]) => differences(value, back?.[name], `${path}/${name}`));
  }
  return sent === back || (back === undefined && [0, '', false].includes(sent)) ? [] : [path];
}

function take(request, body) {
  seen.requests += 1;
  if (request.headers['content-type'] !== 'application/json') throw new Error('no JSON');
  const compressed = request.headers['content-encoding'] === 'gzip';
  seen.compressed += compressed ? 1 : 0;
  const { resourceSpans } = read((compressed ? gunzipSync(body) : body).toString());
  for (const { resource, scopeSpans } of resourceSpans) {
    seen.resources.push(Object.fromEntries(resource.attributes.map(({ key, value }) => [key, value.stringValue])));
    for (const { spans } of scopeSpans) seen.spans.push(...spans.map(simple));
  }
}

const valueOf = (value) => value.stringValue ?? value.boolValue ?? value.doubleValue ??
  (value.intValue === undefined ? value.arrayValue.values.map(valueOf) : Number(value.intValue));
const objectOf = (attributes) => Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));

function simple(span) {
  return {
    ...span,
    attributes: objectOf(span.attributes),
    events: (span.events ?? []).map((event) => ({ name: event.name, ...objectOf(event.attributes) })),
  };
}

function call(request) {
  const context = new W3CTraceContextPropagator().extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter);
  const span = trace.getSpanContext(context);
  seen.calls.push({ ...span, traceState: span?.traceState?.serialize(), traceparent: request.headers.traceparent });
}

const json = (response, status, body, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const answers = {
  none: (response) => json(response, 200, {}),
  partial: (response) => json(response, 200, { partialSuccess: { rejectedSpans: '1', errorMessage: 'too many' } }),
  busy: (response) => json(response, 503, {}, { 'retry-after': '1' }),
  down: (response) => response.socket.destroy(),
  hang: () => {},
};

function answer(request, response, body) {
  const path = request.url;
  if (path.startsWith('/__fault/')) {
    fault = path.slice('/__fault/'.length);
    return json(response, 200, {});
  }
  if (path === '/__seen') return json(response, 200, seen);
  if (path === '/madre/chat') {
    call(request);
    const fails = JSON.parse(body).message === 'fail';
    return json(response, fails ? 500 : 200, { response: 'hello' });
  }
  if (path !== '/v1/traces') return json(response, 404, {});
  if (fault === 'none' || fault === 'partial') take(request, body);
  else seen.refused += 1;
  return answers[fault](response);
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    try {
      answer(request, response, Buffer.concat(parts));
    } catch (error) {
      seen.mistakes.push(error.message);
      json(response, 400, {});
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log(`collector on http://127.0.0.1:${server.address().port}`));
