import { type ReactNode, useId } from 'react';
import { ErrorBoundary } from './ErrorBoundary';

interface Props {
  title: string;
  children: ReactNode;
  /** Beside the title: an age, a link, a button. */
  aside?: ReactNode;
  className?: string;
}

/** A titled part of a view. A fault in one does not take the others away. */
export function Panel({ title, children, aside, className = '' }: Props) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      <ErrorBoundary>{children}</ErrorBoundary>
    </section>
  );
}
