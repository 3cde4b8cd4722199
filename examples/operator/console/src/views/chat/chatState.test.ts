import { expect, test } from 'vitest';
import { type ChatAction, type ChatMessage, fromTranscript, readProvenance, reduceChat } from './chatState';

const at = '2026-01-01T00:00:00Z';
const run = (...actions: ChatAction[]) => actions.reduce<ChatMessage[]>(reduceChat, []);
const ask: ChatAction = { type: 'ask', id: 'a', text: 'How is it?', at };
const switchAnswered = readProvenance({ fallback_source: 'switch', metadata: { source: 'switch', attempts: [] } });

test('pieces make the answer', () => {
  const messages = run(ask, { type: 'text', id: 'a', text: 'All ' }, { type: 'text', id: 'a', text: 'well' });
  expect(messages.map(({ role, text, state }) => [role, text, state])).toEqual([
    ['user', 'How is it?', 'complete'],
    ['assistant', 'All well', 'streaming'],
  ]);
});

test('a stopped answer keeps its text, and late pieces do not reach it', () => {
  const [, answer] = run(
    ask,
    { type: 'text', id: 'a', text: 'All' },
    { type: 'stopped', id: 'a' },
    { type: 'text', id: 'a', text: ' x' },
    {
      type: 'done',
      id: 'a',
      provenance: switchAnswered,
    },
  );
  expect(answer).toMatchObject({ text: 'All', state: 'stopped' });
});

test('two chats at once do not mix', () => {
  const messages = run(
    ask,
    { ...ask, id: 'b' },
    { type: 'text', id: 'b', text: 'second' },
    { type: 'text', id: 'a', text: 'first' },
  );
  expect(messages.filter(({ role }) => role === 'assistant').map(({ text }) => text)).toEqual(['first', 'second']);
});

test('a failed answer shows what was tried', () => {
  const attempts = [{ name: 'switch', outcome: 'circuit_open' as const, elapsed_ms: 0 }];
  const [, answer] = run(ask, { type: 'failed', id: 'a', error: 'Chat service temporarily unavailable', attempts });
  expect(answer).toMatchObject({ state: 'failed', provenance: { attempts } });
});

test('a fallback is seen in live and in stored answers', () => {
  const metadata = {
    source: 'madre_fallback',
    reason: 'switch_circuit_open',
    attempts: [{ name: 'switch', outcome: 'circuit_open', elapsed_ms: 0 }],
  };
  const live = readProvenance({ fallback_source: 'madre_fallback', degraded: true, latency_ms: 12, metadata });
  expect(live).toMatchObject({
    source: 'madre_fallback',
    reason: 'switch_circuit_open',
    degraded: true,
    latencyMs: 12,
  });
  const stored = fromTranscript({
    session_id: 's',
    title: '',
    principal: 'p',
    message_count: 2,
    created_at: at,
    updated_at: at,
    correlation_id: 'c',
    messages: [
      { role: 'user', content: 'q', timestamp: at, metadata: {} },
      { role: 'assistant', content: 'r', timestamp: at, metadata },
    ],
  });
  expect(stored[1]?.provenance?.attempts).toHaveLength(1);
  expect(stored[0]?.provenance).toBeUndefined();
});

test.each([null, 'x', {}, { metadata: 7 }, { metadata: { attempts: [null, {}] } }])('%j has no provenance', (value) => {
  expect(readProvenance(value)).toMatchObject({ source: '', attempts: [] });
});
