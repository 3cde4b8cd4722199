import { Store } from './store';

/** `failed` stays while the load is repeated. */
export type PartState<C> = { component: C } | 'loading' | 'failed';

/**
 * A part of the console that has a script of its own. A failed load is repeated by the next `load`;
 * where a browser keeps the failure, or the script was replaced, only a new page helps.
 */
export class Part<C> {
  readonly state = new Store<PartState<C>>('loading');
  private loading: Promise<boolean> | null = null;

  constructor(private readonly fetchPart: () => Promise<{ default: C }>) {}

  /** \return whether it is there; calls during a load wait for the same one */
  load(): Promise<boolean> {
    if (typeof this.state.get() === 'object') return Promise.resolve(true);
    this.loading ??= this.attempt().finally(() => (this.loading = null));
    return this.loading;
  }

  private async attempt(): Promise<boolean> {
    try {
      this.state.set({ component: (await this.fetchPart()).default });
      return true;
    } catch {
      this.state.set('failed');
      return false;
    }
  }
}

export interface Page {
  /** Whether the server of the page answers. */
  answers: () => Promise<boolean>;
  reload: () => void;
  /** None where the browser denies it: then no page is replaced, since that might never end. */
  storage: Pick<Storage, 'getItem' | 'setItem'> | null;
}

const key = 'vx11-reloaded-at';
const pauseMs = 30_000;

/** Loads a part that is to be shown now; a page whose scripts are gone is replaced by the new one. */
export async function loadOrReload(part: Pick<Part<unknown>, 'load'>, page: Page, now = Date.now()): Promise<void> {
  if (await part.load()) return;
  const { storage } = page;
  if (!storage || now - Number(storage.getItem(key) ?? 0) < pauseMs) return; // It did not help.
  if (!(await page.answers()) || (await part.load())) return;
  storage.setItem(key, String(now));
  page.reload();
}

export const thisPage: Page = {
  answers: () =>
    fetch(import.meta.env.BASE_URL, { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    ),
  reload: () => location.reload(),
  get storage() {
    try {
      return sessionStorage;
    } catch {
      return null;
    }
  },
};
