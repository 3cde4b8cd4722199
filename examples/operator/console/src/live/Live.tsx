import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { useNotify } from '../components/Notices';
import type { SystemEvent } from '../lib/eventLog';
import { toneOf } from '../lib/tone';
import { useScopeRefusal } from '../session/Session';
import { meKey } from '../session/useMe';
import { Bridge } from './bridge';
import { EventFeed } from './eventFeed';

interface Live {
  feed: EventFeed;
  bridge: Bridge;
}

const LiveContext = createContext<Live | null>(null);

/** What events of a kind change: its queries are asked again. */
const affected: Record<string, string[]> = {
  power: ['window', 'policies', 'status', 'modules', 'topology', 'audit'],
  breaker: ['breakers', 'status', 'topology', 'audit'],
  component: ['status', 'modules', 'topology'],
  status: ['status', 'modules', 'topology'],
  gateway: ['status', 'modules', 'topology', 'breakers', 'window', 'slo', 'policies', 'audit'],
  slo: ['slo'],
  service: ['status', 'modules', 'topology', 'audit'],
  chat: ['latency', 'audit'],
  login: ['audit'],
  logout: ['audit'],
};

const shownMs = 8000;

/** What an operator should see in every view. */
const isAlarming = ({ type, severity }: SystemEvent) =>
  severity === 'critical' || severity === 'error' || /^power\.window_(ending|expired)$/.test(type);

/** Opens the connections of a logged-in console, and closes them with it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const notify = useNotify();
  const mayChat = useScopeRefusal('chat') === undefined;
  const [live, setLive] = useState<Live | null>(null);
  useEffect(() => {
    const refresh = (kind: string) => {
      const keys = affected[kind.split('.')[0] ?? ''] ?? [];
      for (const key of keys) void client.invalidateQueries({ queryKey: [key] });
    };
    const checkLogin = () => void client.refetchQueries({ queryKey: meKey });
    const feed = new EventFeed(checkLogin, (events) => {
      for (const event of events.filter(isAlarming))
        notify(toneOf(event.severity), event.summary || event.type, shownMs);
      for (const kind of new Set(events.map((event) => event.type))) refresh(kind);
    });
    const bridge = new Bridge(mayChat, (message) => refresh(message.type), checkLogin);
    setLive({ feed, bridge });
    let wasAway = false;
    const leave = feed.state.subscribe(() => {
      if (wasAway && feed.state.get() === 'live') void client.invalidateQueries();
      wasAway = feed.state.get() === 'away';
    });
    return () => {
      leave();
      feed.stop();
      bridge.stop();
    };
  }, [client, notify, mayChat]);
  return live && <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('useLive is only for views behind the login');
  return live;
}
