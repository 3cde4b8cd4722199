import { afterEach, expect, test, vi } from 'vitest';
import type { Bridge, BridgeMessage } from '../../live/bridge';
import { ask, pieceText } from './chatTransport';

const question = { id: 'q', session_id: 's', message: 'm' };
const away = { chat: () => false, cancel: () => undefined } as unknown as Bridge;

/** What a handler has heard, as text. */
function listen() {
  const heard: string[] = [];
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const handler = {
    text: (piece: string) => void heard.push(piece),
    done: ({ source }: { source: string }) => (heard.push(`done by ${source}`), end()),
    failed: (error: string) => (heard.push(`failed: ${error}`), end()),
  };
  return { heard, handler, ended };
}

const answerWith = (body: string, status = 200) =>
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })));

afterEach(() => vi.unstubAllGlobals());

test('the WebSocket is used while it is open', () => {
  let receive: (message: BridgeMessage) => void = () => undefined;
  const cancelled: string[] = [];
  const open = {
    chat: (_: unknown, receiver: typeof receive) => ((receive = receiver), true),
    cancel: (id: string) => void cancelled.push(id),
  } as unknown as Bridge;
  const { heard, handler } = listen();
  const stop = ask(open, question, handler);
  receive({ type: 'delta', id: 'q', text: 'All ' });
  receive({ type: 'delta', id: 'q', text: 'well' });
  receive({ type: 'done', id: 'q', fallback_source: 'switch' });
  stop();
  expect(heard).toEqual(['All ', 'well', 'done by switch']);
  expect(cancelled).toEqual(['q']);
});

test('without it the answer comes as an event stream', async () => {
  answerWith(
    'data: {"delta":"All "}\n\ndata: {"delta":"well"}\n\nevent: done\ndata: {"fallback_source":"madre_fallback"}\n\n',
  );
  const { heard, handler, ended } = listen();
  ask(away, question, handler);
  await ended;
  expect(heard).toEqual(['All ', 'well', 'done by madre_fallback']);
});

test('a stream without an end has broken off', async () => {
  answerWith('data: {"delta":"All "}\n\n');
  const { heard, handler, ended } = listen();
  ask(away, question, handler);
  await ended;
  expect(heard).toEqual(['All ', 'failed: The answer broke off']);
});

test('a refusal is shown with its text', async () => {
  answerWith('{"status":"service_offline","message":"Chat service temporarily unavailable"}', 503);
  const { heard, handler, ended } = listen();
  ask(away, question, handler);
  await ended;
  expect(heard).toEqual(['failed: Chat service temporarily unavailable']);
});

test('pieces of every upstream have a text', () => {
  expect(pieceText({ delta: 'a' })).toBe('a');
  expect(pieceText({ response: 'b', done: false })).toBe('b');
  expect(pieceText({ usage: 3 })).toBe('');
});
