import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { type Tone } from '../lib/tone';
import { StatusShape } from './StatusBadge';

interface Notice {
  id: number;
  tone: Tone;
  text: string;
}

type Notify = (tone: Tone, text: string, forMs?: number) => void;

const NoticeContext = createContext<Notify>(() => undefined);
const shownMs = 8000;
let nextId = 1;

/** Short messages about what has been done. Faults stay until they are dismissed. */
export function Notices({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([]);
  const dismiss = useCallback((id: number) => setNotices((all) => all.filter((notice) => notice.id !== id)), []);
  const notify = useCallback<Notify>(
    (tone, text, forMs = tone === 'bad' ? Infinity : shownMs) => {
      const id = nextId++;
      setNotices((all) => [...all.slice(-3), { id, tone, text }]);
      if (Number.isFinite(forMs)) setTimeout(() => dismiss(id), forMs);
    },
    [dismiss],
  );
  return (
    <NoticeContext value={notify}>
      {children}
      <div className="notices" role="status" aria-live="polite" aria-label="Notices">
        {notices.map((notice) => (
          <Shown key={notice.id} notice={notice} dismiss={dismiss} />
        ))}
      </div>
    </NoticeContext>
  );
}

function Shown({ notice, dismiss }: { notice: Notice; dismiss: (id: number) => void }) {
  const close = useMemo(() => () => dismiss(notice.id), [dismiss, notice.id]);
  return (
    <div className={`notice tone-${notice.tone}`}>
      <StatusShape tone={notice.tone} />
      <span>{notice.text}</span>
      <button type="button" className="plain" onClick={close} aria-label="Dismiss">
        ×
      </button>
    </div>
  );
}

export function useNotify(): Notify {
  return useContext(NoticeContext);
}
