// Writes a GGUF model of the Llama architecture with random weights, less than a megabyte: node tiny-gguf.mjs FILE
// Its answers are words without sense, the same for the same prompt and seed.
import fs from 'node:fs';

const WORDS = 'the quick brown fox jumps over a lazy dog and runs through green fields while seven small birds sing'.split(' ');
const SIZE = { embedding: 64, hidden: 128, layers: 2, heads: 4, context: 2048 };
const [U32, F32, STRING, ARRAY, I32] = [4, 6, 8, 9, 5];
const [NORMAL, UNKNOWN, CONTROL, BYTE] = [1, 2, 3, 6];
const ALIGNMENT = 32;

const vocabulary = [
  ['<unk>', UNKNOWN], ['<s>', CONTROL], ['</s>', CONTROL],
  ...Array.from({ length: 256 }, (_, byte) => [`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, BYTE]),
  ...WORDS.map((word) => [`▁${word}`, NORMAL]),
];
const tokens = vocabulary.map(([text]) => text);

const number = (size, method) => (value) => {
  const bytes = Buffer.alloc(size);
  bytes[method](value);
  return bytes;
};
const u32 = number(4, 'writeUInt32LE'), f32 = number(4, 'writeFloatLE'), i32 = number(4, 'writeInt32LE');
const u64 = (value) => number(8, 'writeBigUInt64LE')(BigInt(value));
const string = (text) => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
const write = { [U32]: u32, [F32]: f32, [I32]: i32, [STRING]: string };
const entry = (name, type, value) => Buffer.concat([string(name), u32(type), write[type](value)]);
const list = (name, type, values) =>
  Buffer.concat([string(name), u32(ARRAY), u32(type), u64(values.length), ...values.map(write[type])]);

const metadata = [
  entry('general.architecture', STRING, 'llama'),
  entry('llama.context_length', U32, SIZE.context),
  entry('llama.embedding_length', U32, SIZE.embedding),
  entry('llama.block_count', U32, SIZE.layers),
  entry('llama.feed_forward_length', U32, SIZE.hidden),
  entry('llama.attention.head_count', U32, SIZE.heads),
  entry('llama.attention.head_count_kv', U32, SIZE.heads),
  entry('llama.attention.layer_norm_rms_epsilon', F32, 1e-5),
  entry('llama.rope.dimension_count', U32, SIZE.embedding / SIZE.heads),
  entry('tokenizer.ggml.model', STRING, 'llama'),
  list('tokenizer.ggml.tokens', STRING, tokens),
  list('tokenizer.ggml.scores', F32, tokens.map(() => 0)),
  list('tokenizer.ggml.token_type', I32, vocabulary.map(([, type]) => type)),
  entry('tokenizer.ggml.bos_token_id', U32, 1),
  entry('tokenizer.ggml.eos_token_id', U32, 2),
];

// The same numbers in each run.
let state = 1;
const random = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5) * 0.4;
const isWord = (token) => vocabulary[token][1] === NORMAL;
const { embedding, hidden, layers } = SIZE;
const matrix = (name, columns, rows, value = random) => ({ name, shape: [columns, rows], value });
const ones = (name) => ({ name, shape: [embedding], value: () => 1 });
const tensors = [
  matrix('token_embd.weight', embedding, tokens.length),
  ones('output_norm.weight'),
  // Only words are ever likely: no bytes that are no text, and no end before the limit.
  matrix('output.weight', embedding, tokens.length, (index) => (isWord(Math.floor(index / embedding)) ? random() * 5 : 0)),
  ...Array.from({ length: layers }, (_, layer) => [
    ones(`blk.${layer}.attn_norm.weight`),
    ...['q', 'k', 'v', 'output'].map((part) => matrix(`blk.${layer}.attn_${part}.weight`, embedding, embedding)),
    ones(`blk.${layer}.ffn_norm.weight`),
    matrix(`blk.${layer}.ffn_gate.weight`, embedding, hidden),
    matrix(`blk.${layer}.ffn_up.weight`, embedding, hidden),
    matrix(`blk.${layer}.ffn_down.weight`, hidden, embedding),
  ]).flat(),
];

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & (ALIGNMENT - 1))]);
let offset = 0;
const data = [];
const described = tensors.map(({ name, shape, value }) => {
  const count = shape.reduce((product, size) => product * size);
  const bytes = padded(Buffer.from(Float32Array.from({ length: count }, (_, index) => value(index)).buffer));
  const head = Buffer.concat([string(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset)]);
  data.push(bytes);
  offset += bytes.length;
  return head;
});
const head = Buffer.concat([
  Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(metadata.length), ...metadata, ...described,
]);
fs.writeFileSync(process.argv[2], Buffer.concat([padded(head), ...data]));
