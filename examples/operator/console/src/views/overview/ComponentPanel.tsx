import { useLatency, useStatus } from '../../api/useStatus';
import type { Evidence, SystemStatus } from '../../api/types';
import { Age } from '../../components/Age';
import { DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { StatusBadge } from '../../components/StatusBadge';
import { latency, words } from '../../lib/format';
import { toneOf } from '../../lib/tone';
import { type Series, Sparkline } from './Sparkline';

export function ComponentPanel() {
  const status = useStatus();
  const series = useLatency().data?.series ?? [];
  return (
    <Panel title="Components" aside={<Age at={status.data?.timestamp} prefix="as of " />}>
      <QueryView query={status} lines={14} room="components">
        {(data) => <Components status={data} series={series} />}
      </QueryView>
    </Panel>
  );
}

function Components({ status, series }: { status: SystemStatus; series: Series[] }) {
  const all = [
    ...Object.entries(status.core_services).map(([name, evidence]) => ({ name, evidence, kind: 'core' })),
    ...awakeFirst(Object.entries(status.optional_services)).map(([name, evidence]) => ({
      name,
      evidence,
      kind: 'optional',
    })),
  ];
  return (
    <DataTable caption="Components with their evidence" head={['Component', 'Status', 'Latency', 'Recent', 'Evidence']}>
      {all.map(({ name, evidence, kind }) => (
        <Row
          key={name}
          name={name}
          evidence={evidence}
          kind={kind}
          series={series.filter(({ upstream, points }) => upstream === name && points.length > 1)}
        />
      ))}
    </DataTable>
  );
}

/** What sleeps by policy is the least interesting. */
function awakeFirst(services: [string, Evidence][]): [string, Evidence][] {
  const sleeps = ([, { status }]: [string, Evidence]) => Number(toneOf(status) === 'off');
  return [...services].sort((a, b) => sleeps(a) - sleeps(b));
}

/** Only a probe takes time. */
const measured = ({ source }: Evidence) => source === 'probe' || source === 'cache';

interface RowProps {
  name: string;
  evidence: Evidence;
  kind: string;
  series: Series[];
}

function Row({ name, evidence, kind, series }: RowProps) {
  const reason = evidence.error ?? (evidence.reason ? words(evidence.reason) : '');
  return (
    <tr>
      <th scope="row">
        {name}{' '}
        <span className="muted small">
          {kind === 'core' && 'core '}
          {evidence.port ? `:${evidence.port}` : ''}
        </span>
      </th>
      <td>
        <StatusBadge status={evidence.status} />
        {reason && <div className="muted small">{reason}</div>}
      </td>
      <td className="nowrap">{measured(evidence) ? latency(evidence.latency_ms) : '–'}</td>
      <td>
        {series.map((each) => (
          <div key={each.source} className="series">
            <Sparkline series={each} />{' '}
            <span className="muted small">{each.source === 'chat' ? 'chats' : 'checks'}</span>
          </div>
        ))}
        {series.length === 0 && <span className="muted">–</span>}
      </td>
      <td className="nowrap">
        {evidence.source ? words(evidence.source) : 'none'}
        <div className="small">{evidence.checked_at && <Age at={evidence.checked_at} />}</div>
      </td>
    </tr>
  );
}
