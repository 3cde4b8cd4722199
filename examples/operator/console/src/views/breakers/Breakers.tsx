import { useState } from 'react';
import { type BreakerAction, useBreakerAction, useBreakers } from '../../api/useBreakers';
import type { Breaker } from '../../api/types';
import { Age } from '../../components/Age';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { DataTable } from '../../components/DataTable';
import { GuardedButton } from '../../components/GuardedButton';
import { useNotify } from '../../components/Notices';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { Refusal } from '../../components/Refusal';
import { ViewTitle } from '../../components/ViewTitle';
import { useRefusal } from '../../session/Session';
import { BreakerBadge } from './BreakerBadge';

interface Command {
  name: string;
  action: BreakerAction;
}

export default function Breakers() {
  const breakers = useBreakers();
  const [command, setCommand] = useState<Command | null>(null);
  return (
    <>
      <ViewTitle title="Breakers" />
      <Panel title="Circuit breakers" aside={<Age at={breakers.data?.timestamp} prefix="as of " />}>
        <QueryView
          query={breakers}
          lines={9}
          empty={{ when: (data) => Object.keys(data.breakers).length === 0, text: 'No breaker is known.' }}
        >
          {(data) => (
            <DataTable
              caption="Circuit breakers"
              head={['Breaker', 'State', 'Mode', 'Failures', 'Last failure', 'Commands']}
            >
              {Object.entries(data.breakers).map(([name, breaker]) => (
                <Row key={name} name={name} breaker={breaker} onCommand={setCommand} />
              ))}
            </DataTable>
          )}
        </QueryView>
      </Panel>
      {command && <Confirm {...command} onClose={() => setCommand(null)} />}
    </>
  );
}

function Row({ name, breaker, onCommand }: { name: string; breaker: Breaker; onCommand: (command: Command) => void }) {
  const refusal = useRefusal('admin');
  const isolated = breaker.mode === 'isolated';
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <BreakerBadge breaker={breaker} />
      </td>
      <td>{breaker.mode ?? 'automatic'}</td>
      <td>{breaker.failure_count}</td>
      <td className="nowrap">
        <Age at={breaker.last_failure} />
      </td>
      <td>
        <div className="chips">
          <GuardedButton
            className="small"
            refusal={refusal ?? (isolated ? 'It is isolated already' : undefined)}
            aria-label={`Isolate ${name}`}
            onClick={() => onCommand({ name, action: 'isolate' })}
          >
            Isolate
          </GuardedButton>
          <GuardedButton
            className="small"
            refusal={refusal}
            aria-label={`Reset ${name}`}
            onClick={() => onCommand({ name, action: 'reset' })}
          >
            Reset
          </GuardedButton>
        </div>
      </td>
    </tr>
  );
}

const explanation: Record<BreakerAction, string> = {
  isolate: 'stays open until it is reset: no request passes it, and chats use the next upstream.',
  reset: 'closes now and works by itself again. If its upstream still fails, it opens again after as many failures as are configured.',
};

function Confirm({ name, action, onClose }: Command & { onClose: () => void }) {
  const command = useBreakerAction();
  const notify = useNotify();
  const confirm = () =>
    command.mutate(
      { name, action },
      {
        onSuccess: () => {
          notify('ok', `${name} was ${action === 'reset' ? 'reset' : 'isolated'}`);
          onClose();
        },
      },
    );
  const title = action === 'reset' ? 'Reset' : 'Isolate';
  return (
    <ConfirmDialog
      title={`${title} ${name}?`}
      action={title}
      busy={command.isPending}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        The breaker {name} {explanation[action]}
      </p>
      <Refusal error={command.error} />
    </ConfirmDialog>
  );
}
