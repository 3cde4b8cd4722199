import { type FormEvent, useState } from 'react';
import type { ServiceAction } from '../../api/types';

interface Props {
  name: string;
  action: ServiceAction;
  /** It ends the core. */
  core: boolean;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

const consequence: Record<ServiceAction, string> = {
  start: 'starts',
  stop: 'stops, and its requests fail until it is started again',
  restart: 'stops and starts again; requests in progress are lost',
};

const coreConsequence: Record<ServiceAction, string> = {
  ...consequence,
  stop: 'stops, and the core with it',
  restart: 'stops and starts again, and that the core is away meanwhile',
};

/** A tick and the name of the service, so that no command is given by accident. */
export function Confirmation({ name, action, core, busy, onConfirm, onClose }: Props) {
  const [ticked, setTicked] = useState(false);
  const [typed, setTyped] = useState('');
  const ready = ticked && typed.trim() === name && !busy;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) onConfirm();
  };
  return (
    <form onSubmit={submit} className="confirmation">
      <label className="choice">
        <input type="checkbox" checked={ticked} onChange={(event) => setTicked(event.target.checked)} />I understand
        that {name} {core ? coreConsequence[action] : consequence[action]}.
      </label>
      <p className="field">
        <label htmlFor="confirm-name">
          Type <strong>{name}</strong> to confirm
        </label>
        <input
          id="confirm-name"
          value={typed}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
      </p>
      <div className="dialog-actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="danger" disabled={!ready}>
          {busy ? 'In progress…' : `Carry out ${action}`}
        </button>
      </div>
    </form>
  );
}
