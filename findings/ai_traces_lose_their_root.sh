#!/usr/bin/env bash
# What:     @ai-sdk/otel 1.0.173 (npm) with ai 7.0.173 and @ai-sdk/openai 4.0.118 on Node.js 20: streamText() whose
#           reader leaves the loop over `textStream` by `break` after three pieces, beside one that is read to its end
#           and one that is aborted.
# Guess:    all three export the same spans: the chat, its step, and the root, which has the input and the sums.
# Seen:     after `break` the chat's span is exported, as if it had been read to its end (the library reads on), and the
#           step and the root never are. The span that arrives names a parent that does not exist: a viewer shows it as
#           broken, or not at all, and a sampler or a count of traces that waits for the root never gets it. An abort by
#           a signal ends all three, though none says that it was one: no error, no reason. Leave a loop by the signal.
# Output:   read to its end: chat 8 tokens stop, step, invoke_agent
#           break: chat 8 tokens stop; its parent is not exported
#           aborted: chat no tokens no reason, step, invoke_agent
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force ai@7.0.173 @ai-sdk/openai@4.0.118 @ai-sdk/otel@1.0.173 \
  @opentelemetry/api@1.9.1 @opentelemetry/sdk-trace-base@2.12.1 @opentelemetry/sdk-trace-node@2.12.1 2>/dev/null || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createOpenAI } from '@ai-sdk/openai';
import { OpenTelemetry } from '@ai-sdk/otel';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { registerTelemetry, streamText } from 'ai';

const memory = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
provider.register();
registerTelemetry(new OpenTelemetry({ tracer: provider.getTracer('finding') }));

const server = http.createServer(async (request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (choices, more) => response.write(`data: ${JSON.stringify(
    { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more })}\n\n`);
  for (let piece = 0; piece < 10 && !response.closed; piece++) {
    send([{ index: 0, delta: { role: 'assistant', content: 'word ' }, finish_reason: null }]);
    await pause(50);
  }
  send([{ index: 0, delta: {}, finish_reason: 'stop' }]);
  send([], { usage: { prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 } });
  response.end('data: [DONE]\n\n');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const model = createOpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${server.address().port}/v1` }).chat('m');

async function observe(title, afterThree) {
  memory.reset();
  const control = new AbortController();
  const settings = { maxRetries: 0, abortSignal: control.signal, telemetry: { isEnabled: true } };
  const { textStream } = streamText({ model, prompt: 'Hello', ...settings });
  let pieces = 0;
  try {
    for await (const _ of textStream) {
      if (++pieces !== 3) continue;
      if (afterThree === 'break') break;
      if (afterThree === 'abort') control.abort();
    }
  } catch {}
  await pause(5000);
  const spans = memory.getFinishedSpans();
  const names = spans.map(({ name, attributes }) => {
    const tokens = attributes['gen_ai.usage.output_tokens'];
    const [reason] = attributes['gen_ai.response.finish_reasons'] ?? [];
    const kind = name.split(' ')[0];
    return kind === 'chat' ? `chat ${tokens ?? 'no'} tokens ${reason ?? 'no reason'}` : kind;
  });
  const chat = spans.find(({ name }) => name.startsWith('chat'));
  const orphan = spans.every((span) => span.spanContext().spanId !== chat.parentSpanContext.spanId);
  if (spans.some(({ status }) => status.code === 2)) throw new Error('there is an error');
  console.log(`${title}: ${names.join(', ')}${orphan ? '; its parent is not exported' : ''}`);
}
await observe('read to its end');
await observe('break', 'break');
await observe('aborted', 'abort');
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
read to its end: chat 8 tokens stop, step, invoke_agent
break: chat 8 tokens stop; its parent is not exported
aborted: chat no tokens no reason, step, invoke_agent
EXPECTED
