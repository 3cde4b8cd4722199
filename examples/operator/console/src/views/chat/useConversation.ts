import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer, useRef } from 'react';
import { useNotify } from '../../components/Notices';
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

  // An answer continues without the view: it is stored with its chat when it is complete.
  const notify = useNotify();
  const left = useRef(false);
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
      if (current.current) notify('ok', 'The answer continues, and will be in its chat under Sessions.');
    };
  }, [notify]);

  const finish = (id: string, failure?: string) => {
    if (current.current?.id === id) current.current = null;
    for (const key of ['sessions', 'session'])
      void client.invalidateQueries({ queryKey: [key], refetchType: key === 'sessions' ? 'active' : 'none' });
    if (!left.current) return;
    if (failure) notify('bad', `An answer has failed: ${failure}`);
    else notify('ok', 'An answer is complete; see Sessions in Chat.');
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
        failed: (error, attempts) => (dispatch({ type: 'failed', id, error, attempts }), finish(id, error)),
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
