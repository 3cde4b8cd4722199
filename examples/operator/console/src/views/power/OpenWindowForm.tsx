import { type FormEvent, useState } from 'react';
import type { useOpenWindow } from '../../api/usePower';
import { useModules } from '../../api/useStatus';
import type { Service, WindowState } from '../../api/types';
import { GuardedButton } from '../../components/GuardedButton';
import { useNotify } from '../../components/Notices';
import { StatusShape } from '../../components/StatusBadge';
import { words } from '../../lib/format';
import { useRefusal } from '../../session/Session';
import { ServiceChoice } from './ServiceChoice';
import { TimeChoice } from './TimeChoice';
import { orderOf, type WindowChoice } from './windowOrder';

const nothingChosen: WindowChoice = { services: [], hold: false, minutes: '15', reason: '' };

interface Props {
  window: WindowState;
  open: ReturnType<typeof useOpenWindow>;
}

export function OpenWindowForm({ window, open }: Props) {
  const [choice, setChoice] = useState(nothingChosen);
  const [mistake, setMistake] = useState('');
  const services = useOptional();
  const notify = useNotify();
  const lacking = useRefusal('power:write');
  const refusal = lacking ?? (window.read_only ? 'You may not open windows' : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (refusal || open.isPending) return;
    const order = orderOf(choice);
    setMistake(typeof order === 'string' ? order : '');
    if (typeof order !== 'string') open.mutate(order, { onSuccess: () => notify('ok', 'The window is open') });
  };
  return (
    <form onSubmit={submit}>
      <State window={window} />
      <ServiceChoice
        services={services}
        chosen={choice.services}
        onChange={(services) => setChoice({ ...choice, services })}
      />
      <TimeChoice choice={choice} onChange={setChoice} />
      <p className="field">
        <label htmlFor="window-reason">Reason</label>
        <input
          id="window-reason"
          maxLength={1024}
          value={choice.reason}
          placeholder="For the audit"
          onChange={(event) => setChoice({ ...choice, reason: event.target.value })}
        />
      </p>
      <p className="form-error" role="alert">
        {mistake}
      </p>
      <GuardedButton type="submit" className="primary" refusal={refusal} disabled={open.isPending}>
        {open.isPending ? 'Opening…' : 'Open window'}
      </GuardedButton>
    </form>
  );
}

const runs: Record<WindowState['policy'], string> = {
  solo_madre: 'Only the core runs.',
  operative_core: '',
  full: 'Everything may run.',
  unknown: 'What runs is not known.',
};

function State({ window }: { window: WindowState }) {
  if (!window.degraded) return <p className="muted">No window is open. {runs[window.policy]}</p>;
  return (
    <p className="alert tone-warn" role="status">
      <StatusShape tone="warn" /> The state of madre is not known{window.reason ? `: ${words(window.reason)}` : ''}.
    </p>
  );
}

/** The services that a window can open. */
function useOptional(): Service[] {
  const modules = useModules().data?.modules ?? {};
  return Object.entries(modules)
    .filter(([, module]) => module.category === 'optional')
    .map(([name]) => name as Service);
}
