import type { Decision, Schedule } from '../../api/types';
import { usePolicies } from '../../api/usePower';
import { Age } from '../../components/Age';
import { DataTable } from '../../components/DataTable';
import { Moment } from '../../components/Moment';
import { Panel } from '../../components/Panel';
import { StatusBadge, StatusShape } from '../../components/StatusBadge';
import { words } from '../../lib/format';
import { type Tone } from '../../lib/tone';
import { daysText } from './days';

/** When windows open by themselves, and what the rules have decided. Absent without such rules. */
export function SchedulePanel() {
  const policies = usePolicies().data;
  if (!policies || (policies.schedules.length === 0 && policies.decisions.length === 0)) return null;
  return (
    <Panel title="Schedules and decisions" className="span-12">
      {policies.schedules.length > 0 && (
        <DataTable caption="Schedules" head={['Schedule', 'When', 'Services', 'State']}>
          {policies.schedules.map((schedule) => (
            <Row key={schedule.name} schedule={schedule} />
          ))}
        </DataTable>
      )}
      {policies.decisions.length > 0 && <Decisions decisions={policies.decisions} />}
    </Panel>
  );
}

function Row({ schedule }: { schedule: Schedule }) {
  const { active, closed, begins_at, ends_at } = schedule;
  return (
    <tr>
      <th scope="row">{schedule.name}</th>
      <td>
        {daysText(schedule.days)} {schedule.from}–{schedule.to}{' '}
        <span className="muted small">{schedule.time_zone}</span>
      </td>
      <td>{schedule.services.join(', ')}</td>
      <td>
        <StatusBadge
          status={closed ? 'closed early' : active ? 'active' : 'waits'}
          tone={closed || !active ? 'off' : 'ok'}
        />{' '}
        <span className="muted small">
          {active && ends_at && 'until '}
          {(active ? ends_at : begins_at) && <Moment at={(active ? ends_at : begins_at) ?? ''} />}
        </span>
      </td>
    </tr>
  );
}

const tones: Record<string, Tone> = {
  opened: 'ok',
  refused: 'warn',
  failed: 'bad',
  ending: 'warn',
  budget_low: 'warn',
  budget_spent: 'bad',
};

function Decisions({ decisions }: { decisions: Decision[] }) {
  const newest = [...decisions].sort((a, b) => b.id - a.id);
  return (
    <details className="decisions">
      <summary>Last decisions ({decisions.length})</summary>
      <ol className="event-list">
        {newest.map((decision) => (
          <li key={decision.id}>
            <StatusShape tone={tones[decision.kind] ?? 'off'} />
            <span>
              {words(decision.kind)} by {decision.schedule || words(decision.source)}
              {decision.services.length > 0 && `: ${decision.services.join(', ')}`}
              {decision.reason && `, ${words(decision.reason)}`} <Age at={decision.at} />
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
