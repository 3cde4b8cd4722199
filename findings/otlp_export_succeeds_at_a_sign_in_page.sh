#!/usr/bin/env bash
# What:     @opentelemetry/exporter-trace-otlp-http 0.301.0 with @opentelemetry/sdk-trace (npm) on
#           Node.js 20: what the exporter reports when the answer is 200 but not the collector's.
# Guess:    a 200 with text/html, as a captive portal or a proxy's sign-in page gives, is a failed
#           export: OTLP/HTTP answers are JSON or protobuf. A 200 whose JSON says that the spans
#           were rejected is a failure, too, or at least warned of.
# Seen:     both are a success for the caller: spans vanish while the exporter's own numbers look
#           well. A diagnostic logger gets a warning, but by default there is none. Only a count at
#           the collector shows it. A redirect to the sign-in page would have been a failure.
# Output:   accepted: success
#           rejected: success, with a warning to a diagnostic logger
#           sign-in page: success, with a warning to a diagnostic logger
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/exporter-trace-otlp-http@0.301.0 @opentelemetry/api@1

cat >finding.mjs <<'JS'
import http from 'node:http';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const ANSWERS = {
  'accepted': ['application/json', '{}'],
  'rejected': ['application/json', '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no room"}}'],
  'sign-in page': ['text/html', '<html><form>Who are you?</form></html>'],
};
let answer;
const server = http.createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': answer[0] }).end(answer[1]);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

let warnings;
const note = (...words) => warnings.push(words.join(' '));
const ignore = () => {};
diag.setLogger({ error: note, warn: note, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.ALL);

const memory = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
provider.getTracer('finding').startSpan('one').end();
await provider.forceFlush();
if (memory.getFinishedSpans().length !== 1) throw new Error('there is no span to export');

for (const [title, wanted] of Object.entries(ANSWERS)) {
  answer = wanted;
  warnings = [];
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${server.address().port}/v1/traces` });
  const { code } = await new Promise((resolve) => exporter.export(memory.getFinishedSpans(), resolve));
  const warned = warnings.length > 0 ? ', with a warning to a diagnostic logger' : '';
  console.log(`${title}: ${code === 0 ? 'success' : 'failure'}${warned}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
accepted: success
rejected: success, with a warning to a diagnostic logger
sign-in page: success, with a warning to a diagnostic logger
EXPECTED
