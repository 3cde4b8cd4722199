#!/usr/bin/env bash
# What:     @opentelemetry/core and sdk-trace 3.1.0 (npm) on Node.js 20: a service between two others gets a
#           `traceparent` whose flags say that the trace id is random (0x02, of W3C Trace Context Level 2), starts a
#           span and calls on.
# Guess:    the flag is in the request that it sends, as Level 2 demands of every participant; a service that makes a
#           trace id at random sets the flag itself.
# Seen:     it is gone, from a sampled trace and from one that is not; the propagator alone, without a span, passes it
#           on. A new trace has no flag either, though its id is random. A service further on that samples by the bits
#           of the id, and trusts only ids with the flag, decides for itself in place of with the others: traces arrive
#           in parts.
# Output:   sampled, 03: without a span 03, with a span 01
#           not sampled, 02: without a span 02, with a span 00
#           new trace: 01
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/api@1.10.0 @opentelemetry/core@3.1.0 @opentelemetry/sdk-trace@3.1.0 ||
  exit 2

cat >finding.mjs <<'JS'
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { TracerProvider } from '@opentelemetry/sdk-trace';

const propagator = new W3CTraceContextPropagator();
const tracer = new TracerProvider().getTracer('finding');
function sent(context) {
  const headers = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  return headers.traceparent.split('-')[3];
}
const spanIn = (context) => trace.setSpan(context, tracer.startSpan('chat', {}, context));
for (const [title, flags] of [['sampled', '03'], ['not sampled', '02']]) {
  const traceparent = `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}`;
  const context = propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);
  console.log(`${title}, ${flags}: without a span ${sent(context)}, with a span ${sent(spanIn(context))}`);
}
console.log(`new trace: ${sent(spanIn(ROOT_CONTEXT))}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
sampled, 03: without a span 03, with a span 01
not sampled, 02: without a span 02, with a span 00
new trace: 01
EXPECTED
