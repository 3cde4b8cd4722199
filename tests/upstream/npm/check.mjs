// Reads the answers of vx11-upstream's model server with the clients of these APIs, and prints what they saw as JSON.
//   node check.mjs CLIENT URL KEY
import Anthropic from '@anthropic-ai/sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';

const [name, url, key] = process.argv.slice(2);
const messages = [{ role: 'user', content: 'one two' }];
const model = 'm';
const tools = [{ type: 'function', function: { name: 'echo', parameters: { type: 'object' } } }];

/** What `call` threw, as the client names it. */
async function failureOf(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { name: error.constructor.name, status: error.status ?? error.status_code ?? null };
  }
}

async function openai() {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  const ask = (more) => client.chat.completions.create({ model, messages, ...more });
  const whole = await ask({});
  let streamed = '';
  let usage = null;
  for await (const chunk of await ask({ stream: true, stream_options: { include_usage: true } })) {
    streamed += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  const final = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion();
  const called = await ask({ tools });
  return {
    whole: whole.choices[0].message.content,
    streamed,
    usage: usage.total_tokens > 0,
    tool: called.choices[0].message.tool_calls[0].function.name,
    streamed_tool: final.choices[0].message.tool_calls[0].function.arguments,
    models: (await client.models.list()).data.map((each) => each.object),
    embedding: (await client.embeddings.create({ model, input: 'x', encoding_format: 'float' })).data[0].embedding.length,
    failure: await failureOf(() => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'wrong', maxRetries: 0 }).chat.completions.create({ model, messages })),
  };
}

async function ollama() {
  const client = new Ollama({ host: url });
  const whole = await client.chat({ model, messages });
  let streamed = '';
  let last = null;
  for await (const part of await client.chat({ model, messages, stream: true })) {
    streamed += part.message.content;
    last = part;
  }
  return {
    whole: whole.message.content,
    streamed,
    usage: last.done && last.eval_count > 0,
    failure: await failureOf(() => client.chat({ model, messages: [] })),
  };
}

async function anthropic() {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  const ask = { model, messages, max_tokens: 10 };
  const whole = await client.messages.create(ask);
  const stream = client.messages.stream(ask);
  const message = await stream.finalMessage();
  return {
    whole: whole.content[0].text,
    streamed: await stream.finalText(),
    usage: message.usage.output_tokens > 1 && message.stop_reason === 'end_turn',
    failure: await failureOf(() => new Anthropic({ baseURL: url, apiKey: 'wrong', maxRetries: 0 }).messages.create(ask)),
  };
}

console.log(JSON.stringify(await { openai, ollama, anthropic }[name]()));
