import { type ComponentType, type ReactNode, useEffect } from 'react';
import { loadOrReload, Part, thisPage } from '../lib/part';
import { useStore } from '../lib/store';
import { Skeleton } from './QueryView';

/** What is shown in place of a part that is not there. */
interface Placeholders<P> {
  loading: ReactNode;
  failed: (props: P, retry: () => void) => ReactNode;
  /** Whether a new page is worth it, if the part is gone from the server. */
  needed: boolean;
}

const ofView: Placeholders<object> = {
  needed: true,
  loading: <Skeleton lines={6} />,
  failed: (_props, retry) => (
    <div className="failure" role="alert">
      <p>
        <strong>This view could not be loaded.</strong> The backend may be away.
      </p>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  ),
};

const retryMs = 5000;

/** A component that is loaded when it is first shown, or earlier by `preload`. */
export function partView<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
  { loading, failed, needed }: Placeholders<P> = ofView,
) {
  const part = new Part(load);
  const attempt = () => void (needed ? loadOrReload(part, thisPage) : part.load());
  function View(props: P) {
    const state = useStore(part.state);
    useEffect(attempt, []);
    useEffect(() => {
      if (state !== 'failed') return;
      const timer = setInterval(attempt, retryMs);
      return () => clearInterval(timer);
    }, [state]);
    if (state === 'loading') return loading;
    if (state === 'failed') return failed(props, attempt);
    return <state.component {...props} />;
  }
  return Object.assign(View, { preload: () => void part.load() });
}
