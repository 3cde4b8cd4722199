import { useState } from 'react';
import { useModules } from '../../api/useStatus';
import type { Modules, Service, ServiceAction } from '../../api/types';
import { DataTable } from '../../components/DataTable';
import { GuardedButton } from '../../components/GuardedButton';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { StatusBadge } from '../../components/StatusBadge';
import { words } from '../../lib/format';
import { useRefusal } from '../../session/Session';
import { ServiceDialog } from './ServiceDialog';

const actions: ServiceAction[] = ['start', 'stop', 'restart'];

const categories = ['core', 'optional', 'operator'];

function byCategory(modules: Modules['modules']) {
  const rank = (category: string) => categories.indexOf(category);
  return Object.entries(modules).sort(([, a], [, b]) => rank(a.category) - rank(b.category));
}

interface Command {
  name: Service;
  category: string;
  action: ServiceAction;
}

export function ServicePanel() {
  const modules = useModules();
  const [command, setCommand] = useState<Command | null>(null);
  return (
    <Panel title="Services" className="span-12">
      <QueryView
        query={modules}
        lines={14}
        room="services"
        empty={{ when: (data) => Object.keys(data.modules).length === 0, text: 'No service is known.' }}
      >
        {(data) => <Services modules={data.modules} onCommand={setCommand} />}
      </QueryView>
      {command && <ServiceDialog {...command} onClose={() => setCommand(null)} />}
    </Panel>
  );
}

function Services({ modules, onCommand }: { modules: Modules['modules']; onCommand: (command: Command) => void }) {
  const refusal = useRefusal('power:write');
  return (
    <DataTable caption="Services and commands" head={['Service', 'State', 'Kind', 'Commands']}>
      {byCategory(modules).map(([name, module]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>
            <StatusBadge status={module.status} label={words(module.status.toLowerCase())} />
            {module.reason && <div className="muted small">{words(module.reason)}</div>}
          </td>
          <td>{module.category}</td>
          <td>
            <div className="chips">
              {actions.map((action) => (
                <GuardedButton
                  key={action}
                  className="small"
                  refusal={refusal}
                  aria-label={`${action} ${name}`}
                  onClick={() => onCommand({ name: name as Service, category: module.category, action })}
                >
                  {action}
                </GuardedButton>
              ))}
            </div>
          </td>
        </tr>
      ))}
    </DataTable>
  );
}
