import { memo } from 'react';
import { useNotify } from '../../components/Notices';
import { StatusShape } from '../../components/StatusBadge';
import { copyText } from '../../lib/copyText';
import type { ChatMessage } from './chatState';
import { Provenance } from './Provenance';

interface Props {
  message: ChatMessage;
  onRetry?: (() => void) | undefined;
}

export const Message = memo(function Message({ message, onRetry }: Props) {
  const { role, text, state, provenance } = message;
  return (
    <article className={`message ${role}`} aria-label={role === 'user' ? 'You' : 'Answer'}>
      {(text !== '' || state === 'streaming') && (
        <div className="bubble">
          {text}
          {state === 'streaming' && <span className="cursor" aria-hidden="true" />}
          {state === 'streaming' && text === '' && <span className="muted">Waiting for the answer…</span>}
        </div>
      )}
      {state === 'failed' && (
        <p className="alert tone-bad" role="alert">
          <StatusShape tone="bad" /> {message.error}
        </p>
      )}
      {state === 'stopped' && <p className="muted small">Stopped. The answer is not complete.</p>}
      {provenance && <Provenance of={provenance} />}
      {role === 'assistant' && state !== 'streaming' && <Actions text={text} onRetry={onRetry} />}
    </article>
  );
});

function Actions({ text, onRetry }: { text: string; onRetry: (() => void) | undefined }) {
  const notify = useNotify();
  const copy = async () => {
    const copied = await copyText(text);
    notify(copied ? 'ok' : 'bad', copied ? 'Copied' : 'The browser does not allow copying');
  };
  return (
    <div className="message-actions">
      {text !== '' && (
        <button type="button" className="small" onClick={() => void copy()}>
          Copy
        </button>
      )}
      {onRetry && (
        <button type="button" className="small" onClick={onRetry}>
          Retry
        </button>
      )}
    </div>
  );
}
