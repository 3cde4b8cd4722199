import { useState } from 'react';
import { useAudit } from '../../api/useAudit';
import type { AuditRecord } from '../../api/types';
import { Age } from '../../components/Age';
import { DataTable } from '../../components/DataTable';
import { Moment } from '../../components/Moment';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { StatusBadge } from '../../components/StatusBadge';
import { ViewTitle } from '../../components/ViewTitle';
import { serverClock } from '../../lib/serverClock';
import { useScopeRefusal } from '../../session/Session';
import { AuditDialog } from './AuditDialog';

const title = 'Who did what';

export default function Audit() {
  const refusal = useScopeRefusal('admin');
  return (
    <>
      <ViewTitle title="Audit" />
      {refusal ? (
        <Panel title={title}>
          <p className="empty">{refusal}, which the audit needs.</p>
        </Panel>
      ) : (
        <Entries />
      )}
    </>
  );
}

function Entries() {
  const audit = useAudit();
  const renewed = audit.dataUpdatedAt;
  const [shown, setShown] = useState<AuditRecord | null>(null);
  const entries = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Panel title={title} aside={renewed > 0 && <Age at={renewed + serverClock.offset} prefix="as of " />}>
      <QueryView
        query={audit}
        lines={8}
        empty={{ when: () => entries.length === 0, text: 'Nothing has been recorded yet.' }}
      >
        {() => (
          <DataTable caption="Audit" head={['Time', 'Who', 'From', 'Action', 'Object', 'Outcome', 'Details']}>
            {entries.map((entry) => (
              <Row key={entry.id} entry={entry} onShow={setShown} />
            ))}
          </DataTable>
        )}
      </QueryView>
      {audit.hasNextPage && (
        <button type="button" onClick={() => void audit.fetchNextPage()} disabled={audit.isFetchingNextPage}>
          Older entries
        </button>
      )}
      {shown && <AuditDialog entry={shown} onClose={() => setShown(null)} />}
    </Panel>
  );
}

function Row({ entry, onShow }: { entry: AuditRecord; onShow: (entry: AuditRecord) => void }) {
  return (
    <tr>
      <td className="nowrap">
        <Moment at={entry.ts} />
      </td>
      <td>{entry.principal || <span className="muted">not known</span>}</td>
      <td className="nowrap">{entry.address}</td>
      <td>{entry.action}</td>
      <td>{entry.object}</td>
      <td>
        <StatusBadge status={entry.outcome} />
      </td>
      <td className="right">
        <button
          type="button"
          className="small"
          aria-label={`Details of entry ${entry.id}`}
          onClick={() => onShow(entry)}
        >
          Details
        </button>
      </td>
    </tr>
  );
}
