import { useState } from 'react';
import { Router } from 'wouter';
import { textOf } from './api/errors';
import { ErrorBoundary } from './components/ErrorBoundary';
import { Notices } from './components/Notices';
import { LiveProvider } from './live/Live';
import { Login } from './session/Login';
import { SessionProvider } from './session/Session';
import { useExpiry, useMe } from './session/useMe';
import { Shell } from './shell/Shell';

/** The login stands in place of the views, under their address: afterwards the same view shows. */
export function App() {
  return (
    <ErrorBoundary>
      <Notices>
        <Router base="/operator/ui">
          <Gate />
        </Router>
      </Notices>
    </ErrorBoundary>
  );
}

function Gate() {
  const me = useMe();
  const [wasLoggedIn, setWasLoggedIn] = useState(false);
  useExpiry();
  if (me.data && !wasLoggedIn) setWasLoggedIn(true);
  if (me.data) {
    return (
      <SessionProvider me={me.data}>
        <LiveProvider>
          <Shell />
        </LiveProvider>
      </SessionProvider>
    );
  }
  if (me.data === null) return <Login expired={wasLoggedIn} />;
  if (me.isError) return <Away reason={textOf(me.error)} retry={() => void me.refetch()} />;
  return (
    <main className="login" aria-busy="true">
      <h1 className="visually-hidden">VX11 Operator</h1>
      <p className="muted" role="status">
        Loading…
      </p>
    </main>
  );
}

function Away({ reason, retry }: { reason: string; retry: () => void }) {
  return (
    <main className="login">
      <div className="card login-card">
        <h1>VX11 Operator</h1>
        <p role="alert">{reason}. The console tries again every few seconds.</p>
        <button type="button" onClick={retry}>
          Try now
        </button>
      </div>
    </main>
  );
}
