import type { Breaker } from '../../api/types';
import { StatusBadge } from '../../components/StatusBadge';

export function BreakerBadge({ breaker }: { breaker: Breaker }) {
  if (breaker.mode === 'isolated') return <StatusBadge status="isolated" tone="off" />;
  return <StatusBadge status={breaker.state} />;
}
