import { useState } from 'react';
import { useAudit } from '../../api/useAudit';
import type { AuditRecord } from '../../api/types';
import { DataTable } from '../../components/DataTable';
import { Moment } from '../../components/Moment';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { StatusBadge } from '../../components/StatusBadge';
import { ViewTitle } from '../../components/ViewTitle';
import { useScopeRefusal } from '../../session/Session';
import { AuditDialog } from './AuditDialog';

export default function Audit() {
  const refusal = useScopeRefusal('admin');
  return (
    <>
      <ViewTitle title="Audit" />
      <Panel title="Who did what">
        {refusal ? <p className="empty">{refusal}, which the audit needs.</p> : <Entries />}
      </Panel>
    </>
  );
}

function Entries() {
  const audit = useAudit();
  const [shown, setShown] = useState<AuditRecord | null>(null);
  const entries = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
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
    </>
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
