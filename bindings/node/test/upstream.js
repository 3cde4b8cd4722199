'use strict';
// Steers vx11-upstream through its control port, and makes targets of it.

const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');

const { MODELS_URL, CONTROL_URL } = process.env;

const order = async (path, members = {}) => {
  const response = await fetch(CONTROL_URL + path, { method: 'POST', body: JSON.stringify(members) });
  assert(response.ok, await response.text());
};
const look = async (path) => (await (await fetch(CONTROL_URL + path)).json()).models;
const holdAfter = (events) => order('/__set', { stream_released: events });
const fault = (kind, members) => order('/__fault', { service: 'models', fault: kind, ...members });

/** Whether the counters get these values within a generous time. */
async function counted(wanted) {
  for (let looks = 0; looks < 1000; looks++) {
    const counts = await look('/__count');
    if (Object.entries(wanted).every(([name, value]) => counts[name] === value)) return true;
    await sleep(10); // between two looks
  }
  return false;
}

const target = (more) => ({ name: 'llama', url: MODELS_URL, dialect: 'openai', model: 'm', key: 'k', ...more });

/** Healthy, with nothing counted and no event held back. */
async function fresh() {
  await order('/__heal');
  await order('/__set', { stream_released: 1000000 });
  await order('/__reset');
}

module.exports = { MODELS_URL, counted, fault, fresh, holdAfter, look, order, target };
