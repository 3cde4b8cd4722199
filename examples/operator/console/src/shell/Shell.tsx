import { useEffect } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { ErrorBoundary } from '../components/ErrorBoundary';
import { ViewTitle } from '../components/ViewTitle';
import { Navigation } from './Navigation';
import { TopBar } from './TopBar';
import { useAppliedSettings } from './useAppliedSettings';
import { preloadViews, views } from './views';

const preloadAfterMs = 1000; // Behind the requests of the first view.

export function Shell() {
  const [path] = useLocation();
  useAppliedSettings();
  useEffect(() => {
    const timer = setTimeout(preloadViews, preloadAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <TopBar />
      <Navigation />
      <main id="main" tabIndex={-1}>
        <ErrorBoundary key={path}>
          <Switch>
            {views.map(({ path: at, view }) => (
              <Route key={at} path={at} component={view} />
            ))}
            <Route>
              <ViewTitle title="Not found" />
              <p>There is no such view.</p>
            </Route>
          </Switch>
        </ErrorBoundary>
      </main>
    </div>
  );
}
