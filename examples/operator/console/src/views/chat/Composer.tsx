import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react';
import { GuardedButton } from '../../components/GuardedButton';
import { tooLong } from '../../lib/size';

interface Props {
  onSend: (text: string) => void;
  onStop: () => void;
  busy: boolean;
  refusal: string | undefined;
}

export function Composer({ onSend, onStop, busy, refusal }: Props) {
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const excess = tooLong(text.trim());
  const send = () => {
    if (busy || refusal || excess || text.trim() === '') return;
    onSend(text.trim());
    setText('');
    field.current?.focus();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && busy) onStop();
    // Enter ends a composition of characters first.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <>
      {excess && (
        <p id="composer-excess" role="alert" className="form-error">
          {excess}
        </p>
      )}
      <form className="composer" onSubmit={submit}>
        <label htmlFor="question" className="visually-hidden">
          Message
        </label>
        <textarea
          id="question"
          ref={field}
          rows={2}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          placeholder="Message"
          aria-describedby="composer-note composer-excess"
          aria-invalid={excess !== undefined}
        />
        <span id="composer-note" className="visually-hidden">
          Enter sends, Shift and Enter begins a new line, Escape stops the answer.
        </span>
        {busy ? (
          <button type="button" className="danger" onClick={onStop}>
            Stop
          </button>
        ) : (
          <GuardedButton type="submit" className="primary" refusal={refusal} disabled={!refusal && (text.trim() === '' || excess !== undefined)}>
            Send
          </GuardedButton>
        )}
      </form>
    </>
  );
}
