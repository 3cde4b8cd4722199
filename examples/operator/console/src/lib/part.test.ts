import { expect, test } from 'vitest';
import { loadOrReload, type Page, Part } from './part';

/** A part whose first loads fail. */
function failing(times: number) {
  let loads = 0;
  const part = new Part(() => (++loads > times ? Promise.resolve({ default: 'view' }) : Promise.reject(new Error())));
  return { part, loads: () => loads };
}

function pageThat(answers: boolean) {
  const stored = new Map<string, string>();
  const seen = { reloads: 0 };
  const page: Page = {
    answers: () => Promise.resolve(answers),
    reload: () => ++seen.reloads,
    storage: { getItem: (name) => stored.get(name) ?? null, setItem: (name, value) => void stored.set(name, value) },
  };
  return { page, seen };
}

test('a part that failed once is loaded by the next attempt', async () => {
  const { part } = failing(1);
  expect(await part.load()).toBe(false);
  expect(part.state.get()).toBe('failed');
  expect(await part.load()).toBe(true);
  expect(part.state.get()).toEqual({ component: 'view' });
});

test('a part is loaded once', async () => {
  const { part, loads } = failing(0);
  await Promise.all([part.load(), part.load()]);
  await part.load();
  expect(loads()).toBe(1);
});

test('while the server is away the page stays', async () => {
  const { page, seen } = pageThat(false);
  await loadOrReload(failing(9).part, page, 1_000_000);
  expect(seen.reloads).toBe(0);
});

test('a part that is gone from a server that answers needs a new page, but not again and again', async () => {
  const { page, seen } = pageThat(true);
  await loadOrReload(failing(9).part, page, 1_000_000);
  expect(seen.reloads).toBe(1);
  await loadOrReload(failing(9).part, page, 1_005_000);
  expect(seen.reloads).toBe(1);
  await loadOrReload(failing(9).part, page, 1_090_000);
  expect(seen.reloads).toBe(2);
});

test('a part that loads in the end needs no new page', async () => {
  const { page, seen } = pageThat(true);
  await loadOrReload(failing(1).part, page, 1_000_000);
  expect(seen.reloads).toBe(0);
});

test('where storage is denied the page stays, since it could not know that it was loaded anew', async () => {
  const { page, seen } = pageThat(true);
  await loadOrReload(failing(9).part, { ...page, storage: null }, 1_000_000);
  expect(seen.reloads).toBe(0);
});
