import { type ReactNode, useId } from 'react';

interface Props {
  title: string;
  children: ReactNode;
  /** Beside the title: an age, a link, a button. */
  aside?: ReactNode;
  className?: string;
}

/** A titled part of a view. */
export function Panel({ title, children, aside, className = '' }: Props) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
