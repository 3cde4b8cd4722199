#!/usr/bin/env bash
# What:     @arizeai/openinference-instrumentation-openai 4.2.7, @traceloop/instrumentation-openai 0.27.0 and
#           @langfuse/openai 5.11.1 (npm) with openai 7.59.0 on Node.js 20: a streamed chat whose reader leaves the loop
#           by `break` after three pieces, since it has seen enough or its own client has left.
# Guess:    as without tracing, the connection to the server is closed at once; and a span is exported with what came.
# Seen:     openinference reads the whole answer itself, on a second branch of the stream: `break` no longer reaches the
#           server, the model writes to its end, and all of it is paid for and recorded, as if the application had read
#           it. The other two close the connection, and export no span at all: the chats that users stop are in no trace,
#           no count of tokens and no bill. For a stream that is read to its end all three export one span. A program that
#           relies on `break` to stop the model needs a test of it with its tracing switched on.
# Output:   NAME: read to its end: spans; left by break: connection, pieces sent after it, spans within 8 s
#           none: read to its end: 0 spans; left: closed at once, 0 spans
#           openinference: read to its end: 1 span; left: open to the last piece, 1 span
#           traceloop: read to its end: 1 span; left: closed at once, 0 spans
#           langfuse: read to its end: 1 span; left: closed at once, 0 spans
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force openai@7.59.0 @arizeai/openinference-instrumentation-openai@4.2.7 \
  @traceloop/instrumentation-openai@0.27.0 @langfuse/openai@5.11.1 @opentelemetry/sdk-trace-node@2.12.1 \
  @opentelemetry/sdk-trace-base@2.12.1 2>/dev/null || exit 2

cat >finding.cjs <<'JS'
const http = require('node:http');
const { setTimeout: pause } = require('node:timers/promises');
const { SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const name = process.argv[2], pieces = 40;
let sent, closed;
const server = http.createServer(async (request, response) => {
  request.resume();
  [sent, closed] = [0, false];
  response.on('close', () => (closed = !response.writableFinished));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let i = 0; i < pieces && !closed; i++) {
    const choices = [{ index: 0, delta: { role: 'assistant', content: 'word ' }, finish_reason: i < pieces - 1 ? null : 'stop' }];
    const chunk = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    sent++;
    await pause(100);
  }
  response.end('data: [DONE]\n\n');
});

let spans = 0;
const exporter = {
  export: (batch, done) => done({ code: ((spans += batch.length), 0) }),
  forceFlush: async () => {},
  shutdown: async () => {},
};
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
const OpenAI = require('openai').OpenAI;
for (const [key, path] of [['openinference', '@arizeai/openinference-'], ['traceloop', '@traceloop/']])
  if (name === key) {
    const instrumentation = new (require(`${path}instrumentation-openai`).OpenAIInstrumentation)();
    instrumentation.setTracerProvider(provider);
    instrumentation.manuallyInstrument(OpenAI);
  }

async function main() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  let client = new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${server.address().port}/v1` });
  if (name === 'langfuse') client = require('@langfuse/openai').observeOpenAI(client);
  async function chat(limit) {
    const messages = [{ role: 'user', content: 'Hello' }];
    let read = 0;
    for await (const chunk of await client.chat.completions.create({ model: 'm', stream: true, messages }))
      if (++read === limit) break;
  }
  const counted = (count) => `${count} span${count === 1 ? '' : 's'}`;
  await chat(Infinity);
  await pause(500);
  const whole = counted(spans);
  spans = 0;
  await chat(3);
  await pause(8000);
  const connection = closed && sent < 6 ? 'closed at once' : sent === pieces ? 'open to the last piece' : `${sent} pieces`;
  console.log(`${name}: read to its end: ${whole}; left: ${connection}, ${counted(spans)}`);
  process.exit();
}
main();
JS

pids=
for name in none openinference traceloop langfuse; do node finding.cjs "$name" 2>/dev/null & pids+=" $!"; done >seen
wait $pids
sort seen | tee sorted
diff - sorted <<'EXPECTED'
langfuse: read to its end: 1 span; left: closed at once, 0 spans
none: read to its end: 0 spans; left: closed at once, 0 spans
openinference: read to its end: 1 span; left: open to the last piece, 1 span
traceloop: read to its end: 1 span; left: closed at once, 0 spans
EXPECTED
