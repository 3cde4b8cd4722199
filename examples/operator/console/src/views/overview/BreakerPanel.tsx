import { Link } from 'wouter';
import { useBreakers } from '../../api/useBreakers';
import { Age } from '../../components/Age';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { BreakerBadge } from '../breakers/BreakerBadge';

export function BreakerPanel() {
  const breakers = useBreakers();
  return (
    <Panel title="Circuit breakers" aside={<Link href="/breakers">Details</Link>}>
      <QueryView
        query={breakers}
        lines={7}
        empty={{ when: (data) => Object.keys(data.breakers).length === 0, text: 'No breaker is known.' }}
      >
        {(data) => (
          <ul className="rows">
            {Object.entries(data.breakers).map(([name, breaker]) => (
              <li key={name}>
                <strong>{name}</strong>
                <span className="small">
                  {breaker.last_failure ? (
                    <Age at={breaker.last_failure} prefix="failed " />
                  ) : (
                    <span className="muted">no failure</span>
                  )}
                </span>
                <BreakerBadge breaker={breaker} />
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
}
