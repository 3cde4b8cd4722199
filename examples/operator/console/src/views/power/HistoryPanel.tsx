import { usePowerAudit } from '../../api/useAudit';
import { Age } from '../../components/Age';
import { DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { StatusBadge, StatusShape } from '../../components/StatusBadge';
import { useStore } from '../../lib/store';
import { toneOf } from '../../lib/tone';
import { useLive } from '../../live/Live';
import { useScopeRefusal } from '../../session/Session';
import { withoutPlans } from './history';

const shown = 10;
const ofPower = (kind: string) => /^(power|service)\./.test(kind);

/** Who did it: from the audit, or from the events for those who may not read it. */
export function HistoryPanel() {
  const mayRead = useScopeRefusal('admin') === undefined;
  return (
    <Panel title="Last power actions" className="span-12">
      {mayRead ? <FromAudit /> : <FromEvents />}
    </Panel>
  );
}

function FromAudit() {
  const audit = usePowerAudit();
  return (
    <QueryView
      query={audit}
      empty={{ when: ({ entries }) => entries.length === 0, text: 'No power action has been recorded.' }}
    >
      {({ entries }) => (
        <DataTable caption="Last power actions" head={['When', 'Who', 'Action', 'Object', 'Outcome']}>
          {withoutPlans(entries)
            .slice(0, shown)
            .map((entry) => (
              <tr key={entry.id}>
                <td className="nowrap">
                  <Age at={entry.ts} />
                </td>
                <td>{entry.principal || <span className="muted">not known</span>}</td>
                <td>{entry.action}</td>
                <td>{entry.object}</td>
                <td>
                  <StatusBadge status={entry.outcome} />
                </td>
              </tr>
            ))}
        </DataTable>
      )}
    </QueryView>
  );
}

function FromEvents() {
  const { feed } = useLive();
  const events = useStore(feed.log).events.filter(({ type }) => ofPower(type));
  if (events.length === 0) return <p className="empty">No power action has been recorded.</p>;
  return (
    <ol className="event-list">
      {events.slice(0, shown).map((event) => (
        <li key={event.id}>
          <StatusShape tone={toneOf(event.severity)} />
          <span>
            {event.summary} <Age at={event.at} />
          </span>
        </li>
      ))}
    </ol>
  );
}
