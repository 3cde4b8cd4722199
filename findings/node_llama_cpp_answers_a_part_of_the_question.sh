#!/usr/bin/env bash
# What:     node-llama-cpp 3.21.1 with @node-llama-cpp/linux-x64 3.21.1 (npm) on Node.js 20, and a
#           small model with random weights: a question of 3000 tokens, and a system prompt of as
#           many, for a context of 512.
# Guess:    both are errors that say that the context is too small, as llama.cpp's server and every
#           hosted API answer, so that an application can ask another model.
# Seen:     the system prompt is. The question is answered: all but some hundred tokens of it are
#           left out of what the model sees, and the answer has no sign of it, not in its stop reason
#           either. (Servers that are built upon it, such as inference-server, answer 200.) Whether
#           it fits is for the caller to count, with model.tokenize(), before.
# Output:   question: 3000 letters, answered; stop reason maxTokens; the model saw fewer than 512 of them
#           system prompt: 3000 letters, Error: Failed to compress chat history
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# Without the builds for graphics cards, which are optional packages.
npm install --silent --no-audit --no-fund --omit=optional --ignore-scripts \
  node-llama-cpp@3.21.1 @node-llama-cpp/linux-x64@3.21.1 || exit 2

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
const heads = [];
const data = [];
let offset = 0;
for (const [name, shape] of Object.entries(shapes)) {
  const count = shape.reduce((product, size) => product * size);
  const values = Float32Array.from({ length: count }, (_, index) => (shape.length === 1 ? 1 : Math.sin(index * index)));
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
import { getLlama, LlamaChatSession } from 'node-llama-cpp';

const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: 'disabled' });
const model = await llama.loadModel({ modelPath: `${process.cwd()}/model.gguf` });
const session = async (options) => {
  const context = await model.createContext({ contextSize: 512, threads: 1 });
  return new LlamaChatSession({ contextSequence: context.getSequence(), ...options });
};
const long = 'x'.repeat(3000);
const limits = { maxTokens: 3, temperature: 0 };

const chat = await session();
const { responseText, stopReason } = await chat.promptWithMeta(long, limits);
const seen = model.detokenize(chat.sequence.contextTokens).match(/x/g).length;
console.log(`question: ${long.length} letters, ${responseText ? 'answered' : 'no answer'}; stop reason ${stopReason}; ` +
  `the model saw ${seen < 512 ? 'fewer than 512 of them' : seen}`);

const error = await (await session({ systemPrompt: long })).prompt('?', limits).catch((error) => error);
console.log(`system prompt: ${long.length} letters, ${error.constructor.name}: ${error.message.slice(0, 31)}`);
process.exit();
JS

node model.mjs
node finding.mjs 2>log | tee seen
diff - seen <<'EXPECTED'
question: 3000 letters, answered; stop reason maxTokens; the model saw fewer than 512 of them
system prompt: 3000 letters, Error: Failed to compress chat history
EXPECTED
