#!/usr/bin/env bash
# What:     @openai/agents 0.20.0, @langchain/langgraph 1.7.3 (createReactAgent), langchain 1.5.14 (createAgent) and
#           ai 7.0.173 (npm) on Node.js 20: a model that calls the same tool in three turns, before a server that numbers the calls
#           of each answer anew, so that each has the id "call_0"; and before one with ids of their own.
# Guess:    (worded after the first run) each call is carried out, and the model sees all three results: an id pairs a call with the result in its turn.
# Seen:     OpenAI's agents and langgraph carry the first out and pass over the others without an error or a warning, and ask
#           the model again: it believes that it has booked three times, and one is booked. langchain's
#           createAgent and ai are well. A gateway that makes ids, for a server that has none, has to make them differ within
#           the whole conversation.
# Output:   with ids alike:
#           agents: carried out 1 of 3, the model sees 1
#           langgraph: carried out 1 of 3, the model sees 1
#           langchain: carried out 3 of 3, the model sees 3
#           ai: carried out 3 of 3, the model sees 3
#           with ids of their own:
#           agents: carried out 3 of 3, the model sees 3
#           langgraph: carried out 3 of 3, the model sees 3
#           langchain: carried out 3 of 3, the model sees 3
#           ai: carried out 3 of 3, the model sees 3
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force @openai/agents@0.20.0 openai@7.59.0 zod@4.6.7 @langchain/core@1.4.0 \
  @langchain/langgraph@1.7.3 langchain@1.5.14 @langchain/openai@1.6.0 ai@7.0.173 \
  @ai-sdk/openai-compatible@3.0.92 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { Agent, OpenAIChatCompletionsModel, run, setTracingDisabled, tool } from '@openai/agents';
import { generateText, isStepCount, tool as aiTool } from 'ai';
import { createAgent, tool as langchainTool } from 'langchain';
import OpenAI from 'openai';
import { z } from 'zod';

// The model calls the tool in its first three answers, and then has a text.
let turn, alike, results;
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  results = JSON.parse(body).messages.filter(({ role }) => role === 'tool').length;
  const id = alike ? 'call_0' : `call_${turn}`;
  const call = { id, type: 'function', function: { name: 'book', arguments: '{}' } };
  const calls = ++turn <= 3;
  const message = calls ? { role: 'assistant', content: null, tool_calls: [call] } : { role: 'assistant', content: 'Booked.' };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const choices = [{ index: 0, message, finish_reason: calls ? 'tool_calls' : 'stop' }];
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ id: `answer-${alike}-${turn}`, object: 'chat.completion', created: 1, model: 'm', choices, usage }));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const baseURL = `http://127.0.0.1:${server.address().port}`;
const apiKey = 'k', prompt = 'Book three seats, one by one.', description = 'Books a seat', schema = z.object({});
let booked;
const book = async () => `seat ${++booked}`;
setTracingDisabled(true);

const llm = new ChatOpenAI({ apiKey, model: 'm', configuration: { baseURL } });
const messages = [{ role: 'user', content: prompt }];
const lcTools = [langchainTool(book, { name: 'book', description, schema })];
const compatible = createOpenAICompatible({ name: 'x', baseURL })('m');
const frameworks = {
  agents: () => {
    const model = new OpenAIChatCompletionsModel(new OpenAI({ apiKey, baseURL }), 'm');
    return run(new Agent({ name: 'a', model, tools: [tool({ name: 'book', description, parameters: schema, execute: book })] }), prompt);
  },
  langgraph: () => createReactAgent({ llm, tools: lcTools }).invoke({ messages }),
  langchain: () => createAgent({ model: llm, tools: lcTools }).invoke({ messages }),
  ai: () => generateText({ model: compatible, prompt, stopWhen: isStepCount(9),
    tools: { book: aiTool({ description, inputSchema: schema, execute: book }) } }),
};
for (alike of [true, false]) {
  console.log(`with ids ${alike ? 'alike' : 'of their own'}:`);
  for (const [name, start] of Object.entries(frameworks)) {
    turn = booked = 0;
    await start();
    console.log(`${name}: carried out ${booked} of ${Math.min(turn, 3)}, the model sees ${results}`);
  }
}
process.exit();
JS

node --no-deprecation finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
with ids alike:
agents: carried out 1 of 3, the model sees 1
langgraph: carried out 1 of 3, the model sees 1
langchain: carried out 3 of 3, the model sees 3
ai: carried out 3 of 3, the model sees 3
with ids of their own:
agents: carried out 3 of 3, the model sees 3
langgraph: carried out 3 of 3, the model sees 3
langchain: carried out 3 of 3, the model sees 3
ai: carried out 3 of 3, the model sees 3
EXPECTED
