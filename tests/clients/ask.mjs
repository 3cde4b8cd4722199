// Asks one question through a client, lets the client reconnect as it likes, and prints what it saw as JSON:
//   node ask.mjs CLIENT URL TOKEN QUESTION [hide]
// text: of the message events, joined; events: their names in order; without_id: how many had no id; last_data: of the event that ended the stream;
// delays: milliseconds that the client wanted to wait before it asks again; statuses: of the answers to fetch;
// over: whether the client stopped for good. With "hide" the tab is hidden and shown after the first piece.
import { onTimer, passTime, timersKept } from './hour.mjs';
import { adapters, document } from './adapters.mjs';

const MOST_REQUESTS = 4; // a client that has asked so often never stops

const [name, url, token, question, hide] = process.argv.slice(2);
const seen = { text: '', events: [], without_id: 0, last_data: '', delays: [], statuses: [], over: false };
let close;
let finished = false;

function finish() {
  if (finished) return;
  finished = true;
  console.log(JSON.stringify(seen));
  close?.();
  process.exit(0);
}

function hideAndShow() {
  for (const hidden of [true, false]) {
    document.hidden = hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  }
}

function onEvent({ event, id, data }) {
  if (data === '') return; // fetch-event-source reports comments so
  if (!id) seen.without_id += 1;
  seen.events.push(event);
  if (event === 'message') seen.text += JSON.parse(data).delta;
  else seen.last_data = data;
  if (hide && seen.events.length === 1) hideAndShow();
}

async function countedFetch(input, init) {
  const response = await fetch(input, init);
  seen.statuses.push(response.status);
  return response;
}

onTimer.call = ({ delay }) => {
  seen.delays.push(delay);
  if (seen.delays.length >= MOST_REQUESTS) finish();
  setImmediate(() => timersKept() && passTime());
};

close = await adapters[name]({
  url,
  headers: { 'content-type': 'application/json', 'x-vx11-token': token },
  body: JSON.stringify({ message: question }),
  fetch: countedFetch,
  onEvent,
  onOver: () => {
    seen.over = true;
    finish();
  },
});
