import type { AuditRecord } from '../../api/types';

const sameCommand = (a: AuditRecord, b: AuditRecord) =>
  a.action === b.action && a.object === b.object && a.principal === b.principal;

/** Entries, the newest first, without the plans that the same person then had carried out. */
export function withoutPlans(entries: readonly AuditRecord[]): AuditRecord[] {
  return entries.filter((entry, i) => {
    if (entry.outcome !== 'planned') return true;
    const next = entries.slice(0, i).findLast((later) => sameCommand(later, entry));
    return next === undefined || next.outcome === 'planned';
  });
}
