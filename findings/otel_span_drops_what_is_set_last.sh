#!/usr/bin/env bash
# What:     @opentelemetry/sdk-trace 3.1.0 (npm) on Node.js 20, default limits: the span of a chat with 60 messages, two
#           attributes for each (as openinference and others write them), an event for each of 200 tokens, and the
#           numbers of tokens and the reason, which are known at the end.
# Guess:    of attributes and events alike the first 128 are kept, or the last; either way a span that lost something
#           says so.
# Seen:     attributes keep the first 128, events the last 128. So the span has the start of the conversation and not
#           what is set at its end: a few messages more, and the tokens, the reason and the error type are gone, while
#           the time of the first token is gone at 129. It says how many it dropped, not which: an exported chat without
#           tokens looks like one whose model sent none. What the bill needs is to be set at the start (a value can be
#           replaced at the limit), or the limit raised.
# Output:   60 messages: 126 attributes, dropped 0, output_tokens 42
#           63 messages: 128 attributes, dropped 4, output_tokens none
#           63 messages, output_tokens set to 0 at the start: 128 attributes, dropped 4, output_tokens 42
#           events: 128 of 200, first: token 73, last: token 200
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 || exit 2

cat >finding.mjs <<'JS'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const memory = new InMemorySpanExporter();
const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] }).getTracer('finding');
const TOKENS = 'gen_ai.usage.output_tokens';
async function chat(messages, attributes) {
  memory.reset();
  const span = tracer.startSpan('chat', { attributes });
  span.setAttribute('gen_ai.request.model', 'm');
  for (let message = 0; message < messages; message++)
    for (const key of ['role', 'content']) span.setAttribute(`llm.input_messages.${message}.message.${key}`, 'text');
  for (let token = 1; token <= 200; token++) span.addEvent(`token ${token}`);
  span.setAttributes({ 'gen_ai.response.model': 'm', 'gen_ai.response.id': 'x', 'gen_ai.response.finish_reasons': ['stop'] });
  span.setAttribute('gen_ai.usage.input_tokens', 7);
  span.setAttribute(TOKENS, 42);
  span.end();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return memory.getFinishedSpans()[0];
}
async function observe(title, messages, attributes) {
  const span = await chat(messages, attributes);
  console.log(`${title}: ${Object.keys(span.attributes).length} attributes, dropped ${span.droppedAttributesCount},`,
    `output_tokens ${span.attributes[TOKENS] ?? 'none'}`);
}
await observe('60 messages', 60);
await observe('63 messages', 63);
await observe('63 messages, output_tokens set to 0 at the start', 63, { [TOKENS]: 0 });
const { events } = await chat(0);
console.log(`events: ${events.length} of 200, first: ${events[0].name}, last: ${events.at(-1).name}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
60 messages: 126 attributes, dropped 0, output_tokens 42
63 messages: 128 attributes, dropped 4, output_tokens none
63 messages, output_tokens set to 0 at the start: 128 attributes, dropped 4, output_tokens 42
events: 128 of 200, first: token 73, last: token 200
EXPECTED
