import { useState } from 'react';
import { useOpenWindow } from '../../api/usePower';
import type { Service, WindowState } from '../../api/types';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { useNotify } from '../../components/Notices';
import { Refusal } from '../../components/Refusal';
import { TimeChoice } from './TimeChoice';
import { orderOf, type WindowChoice } from './windowOrder';

/** madre cannot extend a window, so another one with the same services takes its place. */
export function ExtendDialog({ window, onClose }: { window: WindowState; onClose: () => void }) {
  const [choice, setChoice] = useState<WindowChoice>({
    services: window.services as Service[],
    hold: false,
    minutes: '15',
    reason: '',
  });
  const [mistake, setMistake] = useState('');
  const open = useOpenWindow();
  const notify = useNotify();
  const confirm = () => {
    const order = orderOf(choice);
    setMistake(typeof order === 'string' ? order : '');
    if (typeof order === 'string') return;
    open.mutate(
      { ...order, replaces: window.window_id },
      {
        onSuccess: () => {
          notify('ok', 'The window was extended');
          onClose();
        },
      },
    );
  };
  return (
    <ConfirmDialog
      title="Extend the window?"
      action="Extend window"
      busy={open.isPending}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        The window is closed and opened again for {window.services.join(', ')}, from now on. What stops at the close starts
        again; madre answers chats meanwhile.
      </p>
      <TimeChoice choice={choice} onChange={setChoice} />
      <p className="form-error" role="alert">
        {mistake}
      </p>
      <Refusal error={open.error} />
    </ConfirmDialog>
  );
}
