// Each client: `whole` returns the text and why it ended, `stream` yields pieces of them. One retry where a
// number can be given, so that a wait of five seconds happens once.
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, jsonSchema, streamText, tool } from 'ai';
import OpenAI from 'openai';

const messages = (question) => [{ role: 'user', content: question }];

function openai({ baseURL, apiKey, fetch, model }) {
  const client = new OpenAI({ baseURL, apiKey, fetch });
  return {
    async whole({ question, tools }) {
      const answer = await client.chat.completions.create({ model, messages: messages(question), tools });
      return { text: answer.choices[0].message.content, finish: answer.choices[0].finish_reason };
    },
    async *stream({ question }) {
      const chunks = await client.chat.completions.create({ model, messages: messages(question), stream: true });
      for await (const chunk of chunks) {
        const choice = chunk.choices[0];
        yield { text: choice?.delta.content, finish: choice?.finish_reason };
      }
    },
  };
}

// The helper that collects a stream is stricter about what chunks need.
function openaiHelper(options) {
  const client = new OpenAI(options);
  return {
    ...openai(options),
    async *stream({ question }) {
      const run = client.chat.completions.stream({
        model: options.model,
        messages: messages(question),
        stream_options: { include_usage: true },
      });
      for await (const chunk of run) yield { text: chunk.choices[0]?.delta.content };
      const whole = await run.finalChatCompletion();
      yield { finish: whole.choices[0].finish_reason };
    },
  };
}

function ai(model) {
  return {
    async whole({ question, tools }) {
      const answer = await generateText({
        model,
        prompt: question,
        maxRetries: 1,
        tools: tools && { clock: tool({ inputSchema: jsonSchema({ type: 'object', properties: {} }) }) },
      });
      return { text: answer.text, finish: answer.finishReason };
    },
    async *stream({ question }) {
      const answer = streamText({ model, prompt: question, maxRetries: 1, onError: () => {} });
      for await (const part of answer.fullStream) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'text-delta') yield { text: part.text };
        if (part.type === 'finish') yield { finish: part.finishReason };
      }
    },
  };
}

function langchain({ baseURL, apiKey, fetch, model }) {
  const client = (tools) => {
    const chat = new ChatOpenAI({ model, apiKey, maxRetries: 1, configuration: { baseURL, fetch } });
    return tools ? chat.bindTools(tools) : chat;
  };
  return {
    async whole({ question, tools }) {
      const answer = await client(tools).invoke(question);
      return { text: answer.content, finish: answer.response_metadata.finish_reason };
    },
    async *stream({ question }) {
      for await (const chunk of await client().stream(question)) {
        yield { text: chunk.content, finish: chunk.response_metadata.finish_reason };
      }
    },
  };
}

export const clients = {
  openai,
  'openai-helper': openaiHelper,
  'ai-sdk-openai-compatible': ({ model, ...options }) => ai(createOpenAICompatible({ name: 'vx11', ...options })(model)),
  'ai-sdk-openai': ({ model, ...options }) => ai(createOpenAI(options).chat(model)),
  'ai-sdk-openai-responses': ({ model, ...options }) => ai(createOpenAI(options)(model)),
  langchain,
};
