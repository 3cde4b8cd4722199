#!/usr/bin/env bash
# What:     inference-server 1.0.0-beta.32 with node-llama-cpp 3.6.0 (npm) on Node.js 20, the server
#           with the OpenAI chat API that npm has, and a small model with random weights.
# Guess:    a stream has the text of the whole answer, and the same `finish_reason`; a request for two
#           answers has two or is refused; and when the client leaves, the model stops: the server's
#           code listens for that.
# Seen:     none of it. Each token of a stream is made text for itself, by which a word of a
#           SentencePiece vocabulary loses the space before it. The reason of the end is sent only with
#           `include_usage`, in one event with the usage, which others send for itself, with
#           `choices` empty. `n` is ignored with 200. The model computes on to its limit for a client
#           that has left, since the events that are listened for come before the handler (see
#           a_posts_request_closes_before_its_client.sh): the time that a gateway saves its clients
#           by leaving early is not saved here.
# Output:   whole: "word word word", finish_reason length
#           stream: "wordwordword", finish_reason none
#           stream with usage: "wordwordword", finish_reason length, in the event with the usage
#           two answers asked for: 1
#           a client left amid its answer; one second later the model is computing
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# Without the builds for graphics cards, which are optional packages.
npm install --silent --no-audit --no-fund --omit=optional --ignore-scripts inference-server@1.0.0-beta.32 \
  node-llama-cpp@3.6.0 @node-llama-cpp/linux-x64@3.6.0 @img/sharp-linux-x64@0.33.5 @img/sharp-libvips-linux-x64@1.0.4 || exit 2

# A GGUF file: Llama's architecture, one layer, a vocabulary of all bytes and one word.
cat >model.mjs <<'JS'
import fs from 'node:fs';

const bytes = (size, method, value) => {
  const buffer = Buffer.alloc(size);
  buffer[method](value);
  return buffer;
};
const u32 = (value) => bytes(4, 'writeUInt32LE', value);
const u64 = (value) => bytes(8, 'writeBigUInt64LE', BigInt(value));
const f32 = (value) => bytes(4, 'writeFloatLE', value);
const string = (text) => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
const entry = (name, type, value) => Buffer.concat([string(name), u32(type), value]);
const list = (name, type, values) => entry(name, 9, Buffer.concat([u32(type), u64(values.length), ...values]));

const bytesOf = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
const tokens = ['<unk>', '<s>', '</s>', ...bytesOf, '▁word'];
const types = [2, 3, 3, ...bytesOf.map(() => 6), 1];
const metadata = [
  entry('general.architecture', 8, string('llama')),
  ...Object.entries({
    context_length: 512, embedding_length: 32, block_count: 1, feed_forward_length: 32,
    'attention.head_count': 2, 'attention.head_count_kv': 2, 'rope.dimension_count': 16,
  }).map(([name, value]) => entry(`llama.${name}`, 4, u32(value))),
  entry('llama.attention.layer_norm_rms_epsilon', 6, f32(1e-5)),
  entry('tokenizer.ggml.model', 8, string('llama')),
  list('tokenizer.ggml.tokens', 8, tokens.map(string)),
  list('tokenizer.ggml.scores', 6, tokens.map(() => f32(0))),
  list('tokenizer.ggml.token_type', 5, types.map(u32)),
  entry('tokenizer.ggml.bos_token_id', 4, u32(1)),
  entry('tokenizer.ggml.eos_token_id', 4, u32(2)),
];
const block = (part) => `blk.0.${part}.weight`;
const shapes = {
  'token_embd.weight': [32, tokens.length], 'output.weight': [32, tokens.length], 'output_norm.weight': [32],
  [block('attn_norm')]: [32], [block('ffn_norm')]: [32],
  ...Object.fromEntries(['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down']
    .map((part) => [block(part), [32, 32]])),
};
// The last row of the output is the word: it is likelier than any byte.
const weight = (name, shape, index) => {
  if (shape.length === 1) return 1;
  return name === 'output.weight' && index < 32 * (tokens.length - 1) ? 0 : Math.sin(index * index);
};
const heads = [];
const data = [];
let offset = 0;
for (const [name, shape] of Object.entries(shapes)) {
  const count = shape.reduce((product, size) => product * size);
  const values = Float32Array.from({ length: count }, (_, index) => weight(name, shape, index));
  heads.push(Buffer.concat([string(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset)]));
  data.push(Buffer.from(values.buffer));
  offset += values.byteLength; // of 32 values or a multiple: aligned
}
const head = Buffer.concat([
  Buffer.from('GGUF'), u32(3), u64(heads.length), u64(metadata.length), ...metadata, ...heads,
]);
fs.writeFileSync('model.gguf', Buffer.concat([head, Buffer.alloc(-head.length & 31), ...data]));
JS
cat >finding.mjs <<'JS'
import { createExpressServer, InferenceServer } from 'inference-server';

console.debug = () => {};
const models = new InferenceServer({
  log: 'error',
  models: {
    m: {
      task: 'text-completion', engine: 'node-llama-cpp', location: `${process.cwd()}/model.gguf`,
      contextSize: 512, device: { gpu: false, cpuThreads: 1 }, prepare: 'blocking', minInstances: 1,
    },
  },
});
await models.start();
const server = createExpressServer(models);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

const messages = [{ role: 'user', content: 'hello' }];
const ask = (members, signal) =>
  fetch(`${base}/openai/v1/chat/completions`, {
    method: 'POST', signal, headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages, max_tokens: 3, seed: 1, ...members }),
  });
async function streamed(members) {
  const events = (await (await ask({ stream: true, ...members })).text()).match(/^data: \{.*$/gm).map((line) => JSON.parse(line.slice(6)));
  const text = events.map(({ choices: [{ delta }] }) => delta.content ?? '').join('');
  const last = events.find(({ choices: [{ finish_reason }] }) => finish_reason);
  const reason = `finish_reason ${last?.choices[0].finish_reason ?? 'none'}`;
  return `${JSON.stringify(text)}, ${reason}${last?.usage ? ', in the event with the usage' : ''}`;
}
const { choices: [whole] } = await (await ask({})).json();
console.log(`whole: ${JSON.stringify(whole.message.content)}, finish_reason ${whole.finish_reason}`);
console.log(`stream: ${await streamed({})}`);
console.log(`stream with usage: ${await streamed({ stream_options: { include_usage: true } })}`);
console.log(`two answers asked for: ${(await (await ask({ n: 2 })).json()).choices.length}`);

const leaving = new AbortController();
const answer = await ask({ stream: true, max_tokens: 1e6 }, leaving.signal);
await answer.body.getReader().read();
leaving.abort();
await new Promise((resolve) => setTimeout(resolve, 1000));
const { pool } = await (await fetch(base)).json();
console.log(`a client left amid its answer; one second later the model is ${pool.processing ? 'computing' : 'idle'}`);
process.exit();
JS

node model.mjs
node finding.mjs 2>log | tee seen
diff - seen <<'EXPECTED'
whole: "word word word", finish_reason length
stream: "wordwordword", finish_reason none
stream with usage: "wordwordword", finish_reason length, in the event with the usage
two answers asked for: 1
a client left amid its answer; one second later the model is computing
EXPECTED
