import type { ReactNode } from 'react';

interface Props {
  /** What the table lists; for screen readers. */
  caption: string;
  head: ReactNode[];
  children: ReactNode;
}

export function DataTable({ caption, head, children }: Props) {
  return (
    // A table that is wider than the screen is scrolled by keyboard, too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroll" role="group" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {head.map((title, i) => (
              <th key={i} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
