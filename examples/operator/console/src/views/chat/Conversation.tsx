import type { ReactNode } from 'react';
import { useScopeRefusal } from '../../session/Session';
import type { ChatMessage } from './chatState';
import { Composer } from './Composer';
import { Message } from './Message';
import { useConversation } from './useConversation';
import { useFollow } from './useFollow';

interface Props {
  stored: ChatMessage[];
  /** The session's id; makes one for the first question. */
  session: () => string;
  /** Shown while there is no message. */
  welcome?: ReactNode;
}

export function Conversation({ stored, session, welcome = <Welcome /> }: Props) {
  const { messages, send, stop, busy } = useConversation(stored, session);
  const refusal = useScopeRefusal('chat');
  const log = useFollow(messages);
  const retry = () => {
    const question = messages.findLast((message) => message.role === 'user');
    if (question) send(question.text);
  };
  return (
    <section className="card conversation" aria-label="Conversation">
      {/* The log is scrolled by keyboard, too. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={log} className="messages" role="log" aria-label="Messages" aria-busy={busy} tabIndex={0}>
        {messages.length === 0 && welcome}
        {messages.map((message, index) => (
          <Message
            key={message.id}
            message={message}
            onRetry={
              !busy && !refusal && message.role === 'assistant' && index === messages.length - 1 ? retry : undefined
            }
          />
        ))}
      </div>
      <Composer onSend={send} onStop={stop} busy={busy} refusal={refusal} />
    </section>
  );
}

function Welcome() {
  return (
    <div className="empty">
      <p>Ask about the system.</p>
      <p className="small">switch answers if a window is open, madre otherwise. Each answer shows which one did.</p>
    </div>
  );
}
