import { type ButtonHTMLAttributes, useId } from 'react';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Why the button cannot be used; it stays reachable by keyboard, and says so. */
  refusal?: string | undefined;
}

export function GuardedButton({ refusal, onClick, children, ...rest }: Props) {
  const id = useId();
  if (!refusal) {
    return (
      <button type="button" {...rest} onClick={onClick}>
        {children}
      </button>
    );
  }
  return (
    <>
      <button type="button" {...rest} aria-disabled="true" aria-describedby={id} title={refusal}>
        {children}
      </button>
      <span id={id} className="visually-hidden">
        {refusal}
      </span>
    </>
  );
}
