import { ApiError } from '../../api/errors';
import type { BudgetPeriod, Policies } from '../../api/types';
import { usePolicies } from '../../api/usePower';
import { Meter } from '../../components/Meter';
import { Moment } from '../../components/Moment';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { spokenSpan } from '../../lib/format';

/** Bounds, budgets and what the gateway does by itself. */
export function PolicyPanel() {
  const policies = usePolicies();
  const none = policies.error instanceof ApiError && policies.error.status === 404;
  return (
    <Panel title="Policies" className="span-6">
      {none ? (
        <p className="empty">This gateway has no power policies.</p>
      ) : (
        <QueryView query={policies} lines={12}>
          {(data) => <Rules policies={data} />}
        </QueryView>
      )}
    </Panel>
  );
}

const span = (seconds: number) => spokenSpan(seconds * 1000);

function Rules({ policies }: { policies: Policies }) {
  const { bounds, budget, on_demand, next } = policies;
  return (
    <>
      <Budget title="Budget of the day" period={budget.day} warnAt={budget.warn_at} />
      <Budget title="Budget of the month" period={budget.month} warnAt={budget.warn_at} />
      <dl className="facts">
        <dt>Window lasts</dt>
        <dd>
          {span(bounds.min_ttl_sec)} to {span(bounds.max_ttl_sec)}
          {bounds.hold ? ', or is held open' : ', never held open'}
        </dd>
        <dt>May open</dt>
        <dd>{bounds.services.includes('madre') ? 'every service' : bounds.services.join(', ') || 'no service'}</dd>
        <dt>Next window</dt>
        <dd>
          {next?.begins_at ? (
            <>
              {next.schedule}, <Moment at={next.begins_at} />
            </>
          ) : (
            'none is scheduled'
          )}
        </dd>
        <dt>When idle</dt>
        <dd>{policies.idle_after_sec === null ? 'stays open' : `closes after ${span(policies.idle_after_sec)}`}</dd>
        <dt>Alert</dt>
        <dd>{policies.alert_before_sec === null ? 'none' : `${span(policies.alert_before_sec)} before the end`}</dd>
        <dt>Routing</dt>
        <dd>{policies.power_aware ? 'passes by a switch that sleeps' : 'asks switch, asleep or not'}</dd>
        <dt>On demand</dt>
        <dd>
          {on_demand.enabled ? `a chat opens ${on_demand.services.join(', ')} for ${span(on_demand.ttl_sec)}` : 'off'}
          {on_demand.enabled && on_demand.paused_until && (
            <>
              , paused until <Moment at={on_demand.paused_until} />
            </>
          )}
        </dd>
      </dl>
    </>
  );
}

function Budget({ title, period, warnAt }: { title: string; period: BudgetPeriod; warnAt: number }) {
  const { limit_sec, used_sec, resets_at } = period;
  if (limit_sec === null) {
    return (
      <p className="budget-line">
        <span>{title}</span> <span className="muted">no limit, {span(used_sec)} used</span>
      </p>
    );
  }
  const share = limit_sec > 0 ? used_sec / limit_sec : 1;
  const text = `${span(used_sec)} of ${span(limit_sec)} used`;
  return (
    <div className="budget-line">
      <span>{title}</span>
      <span className="muted">
        {text}, free again <Moment at={resets_at} />
      </span>
      <Meter share={share} tone={share >= 1 ? 'bad' : share >= warnAt ? 'warn' : 'ok'} label={`${title}: ${text}`} />
    </div>
  );
}
