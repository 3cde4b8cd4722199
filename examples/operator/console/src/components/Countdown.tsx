import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { announcement, remainingMs } from '../lib/countdown';
import { countdown, spokenSpan } from '../lib/format';
import { useNow } from '../lib/useNow';

/** What is left of a window, by the server's clock. At its end the state is asked for again. */
export function Countdown({ deadline }: { deadline: string | null | undefined }) {
  const now = useNow(500);
  const left = remainingMs(deadline, now);
  const over = left === 0;
  const client = useQueryClient();
  useEffect(() => {
    if (!over) return;
    const ask = () => void client.invalidateQueries({ queryKey: ['window'] });
    ask();
    const timer = setInterval(ask, 2000);
    return () => clearInterval(timer);
  }, [over, client]);
  if (left === null) return <span>held open</span>;
  return (
    <span role="timer" className="numeric" aria-label={`${spokenSpan(left)} left`}>
      {over ? 'ending' : countdown(left)}
    </span>
  );
}

/** Reads the last minutes aloud. One on a page. */
export function CountdownAnnouncer({ deadline }: { deadline: string | null | undefined }) {
  const left = remainingMs(deadline, useNow());
  const previous = useRef(left);
  const [text, setText] = useState('');
  useEffect(() => {
    const mark = left !== null && previous.current !== null ? announcement(left, previous.current) : null;
    previous.current = left;
    if (mark !== null) setText(mark === 0 ? 'The window has ended' : `The window ends in ${spokenSpan(mark)}`);
  }, [left]);
  return (
    <span role="status" className="visually-hidden">
      {text}
    </span>
  );
}
