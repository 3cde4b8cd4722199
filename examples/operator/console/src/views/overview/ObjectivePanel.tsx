import { useObjectives } from '../../api/useStatus';
import type { Objective } from '../../api/types';
import { Age } from '../../components/Age';
import { DataTable } from '../../components/DataTable';
import { Meter } from '../../components/Meter';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { StatusBadge } from '../../components/StatusBadge';
import { budgetLeft } from '../../lib/budget';
import { percent, words } from '../../lib/format';
import type { Tone } from '../../lib/tone';

export function ObjectivePanel() {
  const objectives = useObjectives();
  return (
    <Panel title="Service levels" className="span-12" aside={<Age at={objectives.data?.timestamp} prefix="as of " />}>
      <QueryView
        query={objectives}
        lines={5}
        empty={{ when: (data) => data.objectives.length === 0, text: 'No objective is configured.' }}
      >
        {(data) => (
          <DataTable
            caption="Service level objectives"
            head={['Objective', 'Good of all', 'Budget left', 'Burn rate', 'Alert']}
          >
            {data.objectives.map((objective) => (
              <Row key={objective.name} objective={objective} />
            ))}
          </DataTable>
        )}
      </QueryView>
    </Panel>
  );
}

function stateOf({ budget_remaining, alerts, burn_rates }: Objective): { tone: Tone; label: string } {
  const firing = alerts.filter((alert) => alert.firing);
  const page = firing.find((alert) => alert.severity === 'page');
  if (page) return { tone: 'bad', label: 'burns fast' };
  if (firing.length > 0) return { tone: 'warn', label: 'burns' };
  if (budget_remaining < 0) return { tone: 'bad', label: 'spent' };
  return { tone: 'ok', label: burn_rates.some(({ burn_rate }) => burn_rate > 1) ? 'watched' : 'none' };
}

function Row({ objective }: { objective: Objective }) {
  const { name, kind, events, budget_remaining, burn_rates } = objective;
  const { tone, label } = stateOf(objective);
  const left = budgetLeft(budget_remaining);
  return (
    <tr>
      <th scope="row">
        {words(name)}{' '}
        <span className="muted small">
          {percent(objective.objective, 2)}
          {kind === 'latency' && objective.threshold_seconds ? ` within ${objective.threshold_seconds} s` : ''}
        </span>
      </th>
      <td className="nowrap">
        {events.total - events.bad} / {events.total}
      </td>
      <td className="budget">
        {left}
        <Meter share={budget_remaining} tone={tone} label={`Budget: ${left}${budget_remaining < 0 ? '' : ' left'}`} />
      </td>
      <td>
        <span className="burn">
          {burn_rates.map(({ window, burn_rate }) => (
            <span key={window} className="nowrap">
              <span className="muted small">{window}</span> {burn_rate.toFixed(1)}
            </span>
          ))}
        </span>
      </td>
      <td>
        <StatusBadge status={label} tone={tone} />
      </td>
    </tr>
  );
}
