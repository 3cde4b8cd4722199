import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { Dialog } from './Dialog';

interface Props {
  title: string;
  action: string;
  children: ReactNode;
  /** A word that has to be typed, for what cannot be taken back. */
  word?: string;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDialog({ title, action, children, word, busy = false, onConfirm, onClose }: Props) {
  const [typed, setTyped] = useState('');
  const id = useId();
  const ready = !busy && (word === undefined || typed.trim() === word);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) onConfirm();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        {word !== undefined && (
          <p className="field">
            <label htmlFor={id}>
              Type <strong>{word}</strong> to confirm
            </label>
            <input
              id={id}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
              spellCheck={false}
            />
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="danger" disabled={!ready}>
            {busy ? 'In progress…' : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
