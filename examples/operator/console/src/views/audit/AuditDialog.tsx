import type { AuditRecord } from '../../api/types';
import { Dialog } from '../../components/Dialog';
import { StatusBadge } from '../../components/StatusBadge';

export function AuditDialog({ entry, onClose }: { entry: AuditRecord; onClose: () => void }) {
  return (
    <Dialog title={`Entry ${entry.id}`} onClose={onClose}>
      <dl className="facts">
        <dt>Time</dt>
        <dd>{entry.ts}</dd>
        <dt>Who</dt>
        <dd>
          {entry.principal || 'not known'} from {entry.address || 'an unknown address'}
        </dd>
        <dt>Action</dt>
        <dd>{entry.action}</dd>
        <dt>Object</dt>
        <dd>{entry.object || 'none'}</dd>
        <dt>Outcome</dt>
        <dd>
          <StatusBadge status={entry.outcome} />
        </dd>
        <dt>Correlation id</dt>
        <dd>
          <code>{entry.correlation_id}</code>
        </dd>
      </dl>
      <pre className="json">{JSON.stringify(entry.detail, null, 2)}</pre>
      <div className="dialog-actions">
        <a className="button" href={`/operator/api/audit/${entry.id}/download`} download>
          Download
        </a>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
