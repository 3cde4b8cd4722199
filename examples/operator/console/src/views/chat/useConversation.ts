import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer, useRef } from 'react';
import { randomId } from '../../lib/id';
import { useLive } from '../../live/Live';
import { type ChatMessage, reduceChat } from './chatState';
import { ask } from './chatTransport';

/** A conversation: its messages, and one answer in progress at most. */
export function useConversation(stored: ChatMessage[], session: () => string) {
  const { bridge } = useLive();
  const client = useQueryClient();
  const [messages, dispatch] = useReducer(reduceChat, stored);
  const current = useRef<{ id: string; stop: () => void } | null>(null);

  useEffect(() => () => current.current?.stop(), []);

  const finish = (id: string) => {
    if (current.current?.id === id) current.current = null;
    for (const key of ['sessions', 'session'])
      void client.invalidateQueries({ queryKey: [key], refetchType: key === 'sessions' ? 'active' : 'none' });
  };

  const send = (text: string) => {
    const id = randomId('chat-');
    dispatch({ type: 'ask', id, text, at: new Date().toISOString() });
    const stop = ask(
      bridge,
      { id, session_id: session(), message: text },
      {
        text: (piece) => dispatch({ type: 'text', id, text: piece }),
        done: (provenance) => (dispatch({ type: 'done', id, provenance }), finish(id)),
        failed: (error, attempts) => (dispatch({ type: 'failed', id, error, attempts }), finish(id)),
      },
    );
    current.current = { id, stop };
  };

  const stop = () => {
    const running = current.current;
    if (!running) return;
    running.stop();
    dispatch({ type: 'stopped', id: running.id });
    finish(running.id);
  };

  const busy = messages.at(-1)?.state === 'streaming';
  return { messages, send, stop, busy };
}
