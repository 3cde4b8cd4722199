import { Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { ErrorBoundary } from '../components/ErrorBoundary';
import { Skeleton } from '../components/QueryView';
import { ViewTitle } from '../components/ViewTitle';
import { Navigation } from './Navigation';
import { TopBar } from './TopBar';
import { useAppliedSettings } from './useAppliedSettings';
import { views } from './views';

export function Shell() {
  const [path] = useLocation();
  useAppliedSettings();
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <TopBar />
      <Navigation />
      <main id="main" tabIndex={-1}>
        <ErrorBoundary key={path}>
          <Suspense fallback={<Skeleton lines={6} />}>
            <Switch>
              {views.map(({ path: at, view }) => (
                <Route key={at} path={at} component={view} />
              ))}
              <Route>
                <ViewTitle title="Not found" />
                <p>There is no such view.</p>
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </main>
    </div>
  );
}
