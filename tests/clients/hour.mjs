// A clock for the clients' reconnects: their timers are kept here and run only when a test says so, so that an
// hour passes at once. Timers of anything but a client run as ever.

const real = globalThis.setTimeout;
const realClear = globalThis.clearTimeout;
const kept = [];

/** Called with every timer that a client sets. */
export const onTimer = { call: () => {} };

const isClients = () => new Error().stack.includes('/node_modules/');

globalThis.setTimeout = (callback, delay, ...rest) => {
  if (!isClients()) return real(callback, delay, ...rest);
  const timer = { callback, delay };
  kept.push(timer);
  onTimer.call(timer);
  return timer;
};

globalThis.clearTimeout = (timer) => {
  const at = kept.indexOf(timer);
  if (at < 0) return realClear(timer);
  kept.splice(at, 1);
};

/** Runs the oldest timer that is kept, if there is one. */
export function passTime() {
  const timer = kept.shift();
  if (timer) timer.callback();
}

export const timersKept = () => kept.length;
