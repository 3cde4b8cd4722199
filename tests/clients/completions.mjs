// Asks one question through a client of the OpenAI chat API and prints what it saw as JSON:
//   node completions.mjs CLIENT BASE-URL TOKEN whole|stream|tools|leave QUESTION
// text and finish: of the answer; error: its status and message; statuses: of the answers to fetch;
// retry_hints: their x-should-retry. With "leave" the client leaves after the first piece.
import { clients } from './completions-clients.mjs';

const [name, baseURL, apiKey, mode, question] = process.argv.slice(2);
const seen = { text: '', finish: null, error: null, statuses: [], retry_hints: [] };

async function countedFetch(input, init) {
  const response = await fetch(input, init);
  seen.statuses.push(response.status);
  seen.retry_hints.push(response.headers.get('x-should-retry'));
  return response;
}

const tools = [
  { type: 'function', function: { name: 'clock', parameters: { type: 'object', properties: {} } } },
];

try {
  const client = clients[name]({ baseURL, apiKey, fetch: countedFetch, model: 'vx11' });
  const asked = { question, tools: mode === 'tools' ? tools : undefined };
  if (mode === 'whole' || mode === 'tools') {
    Object.assign(seen, await client.whole(asked));
  } else {
    for await (const { text, finish } of client.stream(asked)) {
      seen.text += text ?? '';
      seen.finish = finish ?? seen.finish;
      if (mode === 'leave' && seen.text) break;
    }
  }
} catch (error) {
  const cause = error.lastError ?? error;
  seen.error = { status: cause.status ?? cause.statusCode ?? null, message: String(cause.message) };
}
console.log(JSON.stringify(seen));
process.exit(0);
