import { useState } from 'react';
import { useCloseWindow } from '../../api/usePower';
import type { WindowState } from '../../api/types';
import { Age } from '../../components/Age';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Countdown, CountdownAnnouncer } from '../../components/Countdown';
import { GuardedButton } from '../../components/GuardedButton';
import { Meter } from '../../components/Meter';
import { Moment } from '../../components/Moment';
import { useNotify } from '../../components/Notices';
import { Refusal } from '../../components/Refusal';
import { StatusBadge } from '../../components/StatusBadge';
import { remainingMs, remainingShare } from '../../lib/countdown';
import { shortSpan } from '../../lib/format';
import { useNow } from '../../lib/useNow';
import { useRefusal } from '../../session/Session';
import { ExtendDialog } from './ExtendDialog';

export function WindowDetails({ window }: { window: WindowState }) {
  const [dialog, setDialog] = useState<'close' | 'extend' | null>(null);
  const lacking = useRefusal('power:write');
  const refusal = lacking ?? (window.read_only ? 'You may not open or close windows' : undefined);
  return (
    <>
      <div className="window-head">
        <StatusBadge status="open" tone="ok" />
        <span className="window-left">
          <Countdown deadline={window.deadline} />
        </span>
        <CountdownAnnouncer deadline={window.deadline} />
      </div>
      <TimeLeft window={window} />
      <Facts window={window} />
      <div className="toolbar">
        {window.deadline && (
          <GuardedButton refusal={refusal} onClick={() => setDialog('extend')}>
            Extend window
          </GuardedButton>
        )}
        <GuardedButton className="danger" refusal={refusal} onClick={() => setDialog('close')}>
          Close window
        </GuardedButton>
      </div>
      {dialog === 'extend' && <ExtendDialog window={window} onClose={() => setDialog(null)} />}
      {dialog === 'close' && <Closing window={window} onClose={() => setDialog(null)} />}
    </>
  );
}

function TimeLeft({ window }: { window: WindowState }) {
  const left = remainingMs(window.deadline, useNow());
  if (left === null) return null;
  const tone = left < 60_000 ? 'warn' : 'ok';
  return (
    <Meter
      share={remainingShare(left, window.ttl_seconds)}
      tone={tone}
      label={`${shortSpan(left)} of the window are left`}
    />
  );
}

function Facts({ window }: { window: WindowState }) {
  return (
    <dl className="facts">
      <dt>Services</dt>
      <dd className="chips">
        {window.services.map((name) => (
          <span key={name} className="chip">
            {name}
          </span>
        ))}
      </dd>
      <dt>Running now</dt>
      <dd>{window.active_services.join(', ') || 'not known'}</dd>
      <dt>Opened</dt>
      <dd>
        {window.created_at ? <Moment at={window.created_at} /> : 'not known'} <Age at={window.created_at} />
      </dd>
      <dt>Ends</dt>
      <dd>{window.deadline ? <Moment at={window.deadline} /> : 'when it is closed'}</dd>
      <dt>Window</dt>
      <dd>
        <code>{window.window_id}</code>
      </dd>
    </dl>
  );
}

function Closing({ window, onClose }: { window: WindowState; onClose: () => void }) {
  const close = useCloseWindow();
  const notify = useNotify();
  const confirm = () =>
    close.mutate(window.window_id, {
      onSuccess: () => {
        notify('ok', 'The window was closed');
        onClose();
      },
    });
  return (
    <ConfirmDialog
      title="Close the window?"
      action="Close window"
      busy={close.isPending}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        {window.services.join(', ')} {window.services.length === 1 ? 'stops' : 'stop'}. Chats are then answered by
        madre.
      </p>
      <Refusal error={close.error} />
    </ConfirmDialog>
  );
}
