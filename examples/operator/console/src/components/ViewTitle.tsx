import { type ReactNode, useEffect, useRef } from 'react';

let first = true;

/** The heading of a view. It gets the focus when the view is entered, so that readers follow. */
export function ViewTitle({ title, children }: { title: string; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – VX11 Operator`;
    if (!first) heading.current?.focus({ preventScroll: true });
    first = false;
  }, [title]);
  return (
    <div className="view-title">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </div>
  );
}
