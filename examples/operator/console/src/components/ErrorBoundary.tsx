import { Component, type ReactNode } from 'react';
import { textOf } from '../api/errors';

interface Props {
  children: ReactNode;
  /** In place of the alert, for a part without which its surroundings are of use. */
  fallback?: ReactNode;
}

/** Shows a fault of a part in its place, with a way out. */
export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    if (this.props.fallback !== undefined) return this.props.fallback;
    return (
      <div className="failure" role="alert">
        <p>
          <strong>This part of the console has failed.</strong>
        </p>
        <p>{textOf(this.state.error)}</p>
        <button type="button" onClick={() => this.setState({ error: null })}>
          Try again
        </button>{' '}
        <button type="button" onClick={() => location.reload()}>
          Reload the page
        </button>
      </div>
    );
  }
}
