'use strict';
// Options as the C interface takes them.

/** Omits undefined fields, so that they get their defaults. */
const json = (description) => JSON.stringify(description);
const milliseconds = (ms) => {
  if (typeof ms === 'number' && !Number.isNaN(ms)) return ms;
  throw new TypeError('a time is a number of milliseconds');
};
/** A duration of a description; undefined for null, and Infinity for ever. */
const duration = (ms) => (ms == null ? undefined : Math.min(milliseconds(ms), 1e300));
/** The timeout of a call as the addon takes it; undefined, null and Infinity are none. */
const wholeMs = (ms) => (ms == null || milliseconds(ms) === Infinity
  ? -1
  : Math.min(Math.max(0, Math.round(ms)), Number.MAX_SAFE_INTEGER));

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The options by the library's names, which names those that it does not know. Each of `nested` is
 *  itself an object of options. */
function described(options, ...nested) {
  if (options == null || typeof options !== 'object') return options ?? undefined;
  return Object.fromEntries(Object.entries(options).map(([name, value]) => {
    if (name.endsWith('Ms')) return [snake(name), duration(value)];
    return [snake(name), nested.includes(name) ? described(value, ...nested) : value];
  }));
}

/** The same for a list of options; the library names what is no list. */
const listed = (list, read = described) => (Array.isArray(list) ? list.map((each) => read(each)) : list);

/** A chat from the options of an ask, without those of the call itself. */
function chatOf(message, { timeoutMs, limitMs, signal, history, ...more }) {
  return json({
    ...described(more),
    message,
    history: history?.map(({ role, content }) => ({ role, content })),
  });
}

module.exports = { chatOf, described, json, listed, milliseconds, wholeMs };
