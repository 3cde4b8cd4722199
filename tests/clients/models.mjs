// One exchange with a model through a client, printed as JSON:
//   node models.mjs CLIENT MODE BASE-URL KEY MODEL QUESTION
// CLIENT: openai, ollama, anthropic. MODE: embed, embed-float, prompt, prompt-stream, tools, tools-stream.
// With tools the client asks, gets a call, and asks again with the result "sunny".
import Anthropic from '@anthropic-ai/sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';

const [name, mode, url, key, model, question] = process.argv.slice(2);
const parameters = { type: 'object', properties: { text: { type: 'string' } } };
const described = { name: 'weather', description: 'The weather of today' };
const user = { role: 'user', content: question };
const tools = [{ type: 'function', function: { ...described, parameters } }];

const openai = {
  client: () => new OpenAI({ baseURL: url, apiKey: key, maxRetries: 0 }),
  async embed(encoding) {
    const answer = await this.client().embeddings.create({ model, input: [question, 'two'], ...encoding });
    return { vectors: answer.data.map((each) => Array.from(each.embedding)), usage: answer.usage, model: answer.model };
  },
  'embed-float': () => openai.embed({ encoding_format: 'float' }),
  async prompt() {
    const { choices, object, usage } = await this.client().completions.create({ model, prompt: question });
    return { text: choices[0].text, finish: choices[0].finish_reason, object, counted: usage.total_tokens > 0 };
  },
  async 'prompt-stream'() {
    const seen = { text: '', finish: null, pieces: 0 };
    for await (const each of await this.client().completions.create({ model, prompt: question, stream: true })) {
      seen.text += each.choices[0].text;
      seen.finish = each.choices[0].finish_reason ?? seen.finish;
      seen.object = each.object;
      seen.pieces += 1;
    }
    return seen;
  },
  async agent(ask) {
    const called = await ask([user]);
    const [call] = called.message.tool_calls;
    const result = { role: 'tool', tool_call_id: call.id, content: 'sunny' };
    const answered = await ask([user, called.message, result]);
    return {
      tool: call.function.name,
      arguments: JSON.parse(call.function.arguments),
      finishes: [called.finish_reason, answered.finish_reason],
      text: answered.message.content,
    };
  },
  tools: () =>
    openai.agent(async (messages) => {
      const answer = await openai.client().chat.completions.create({ model, messages, tools });
      return answer.choices[0];
    }),
  'tools-stream': () =>
    openai.agent(async (messages) => {
      const answer = await openai.client().chat.completions.stream({ model, messages, tools }).finalChatCompletion();
      return answer.choices[0];
    }),
};

const ollama = {
  client: () => new Ollama({ host: url, headers: { authorization: `Bearer ${key}` } }),
  async agent(ask) {
    const called = await ask([user]);
    const [call] = called.tool_calls;
    const answered = await ask([user, called, { role: 'tool', tool_name: call.function.name, content: 'sunny' }]);
    return { tool: call.function.name, arguments: call.function.arguments, text: answered.content };
  },
  tools: () =>
    ollama.agent(async (messages) => (await ollama.client().chat({ model, messages, tools })).message),
  'tools-stream': () =>
    ollama.agent(async (messages) => {
      const whole = { role: 'assistant', content: '', tool_calls: [] };
      for await (const { message } of await ollama.client().chat({ model, messages, tools, stream: true })) {
        whole.content += message.content;
        whole.tool_calls.push(...(message.tool_calls ?? []));
      }
      return whole;
    }),
};

const anthropic = {
  client: () => new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 }),
  async agent(ask) {
    const body = { model, max_tokens: 99, tools: [{ ...described, input_schema: parameters }] };
    const called = await ask({ ...body, messages: [user] });
    const call = called.content.find((block) => block.type === 'tool_use');
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'sunny' }] };
    const turn = { role: 'assistant', content: called.content };
    const answered = await ask({ ...body, messages: [user, turn, result] });
    return {
      tool: call.name,
      arguments: call.input,
      finishes: [called.stop_reason, answered.stop_reason],
      text: answered.content[0].text,
    };
  },
  tools: () => anthropic.agent((body) => anthropic.client().messages.create(body)),
  'tools-stream': () => anthropic.agent((body) => anthropic.client().messages.stream(body).finalMessage()),
};

try {
  console.log(JSON.stringify(await { openai, ollama, anthropic }[name][mode]()));
} catch (error) {
  console.log(JSON.stringify({ error: { status: error.status ?? null, message: String(error.message) } }));
}
process.exit(0);
