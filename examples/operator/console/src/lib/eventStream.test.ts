import { expect, test } from 'vitest';
import { EventStreamParser, readEventStream } from './eventStream';

const text = 'retry: 3000\n: heartbeat\n\nid: 7\nevent: done\ndata: {"a":1}\n\ndata: one\ndata:two\n\n';

test('comments and retry make no message', () => {
  expect(new EventStreamParser().push(': hello\n\nretry: 10\n\n')).toEqual([]);
});

test('several data lines are joined, the id stays', () => {
  expect(new EventStreamParser().push(text)).toEqual([
    { event: 'done', data: '{"a":1}', id: '7' },
    { event: 'message', data: 'one\ntwo', id: '7' },
  ]);
});

test.each(['\n', '\r\n', '\r'])('pieces may end anywhere (line end %j)', (end) => {
  const whole = text.replaceAll('\n', end) + (end === '\r' ? ':\r' : '');
  const parser = new EventStreamParser();
  const messages = [...whole].flatMap((character) => parser.push(character));
  expect(messages.map((message) => message.data)).toEqual(['{"a":1}', 'one\ntwo']);
});

test('a message that is not complete is not delivered', () => {
  expect(new EventStreamParser().push('data: half\n')).toEqual([]);
});

test('characters of several bytes survive a cut in their middle', async () => {
  const bytes = new TextEncoder().encode('data: señal – 電\n\n');
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const messages = [];
  for await (const message of readEventStream(body)) messages.push(message.data);
  expect(messages).toEqual(['señal – 電']);
});
