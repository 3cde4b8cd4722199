import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { BreakerList, Objectives, SystemStatus, WindowState } from '../../api/types';
import { useBreakers } from '../../api/useBreakers';
import { useWindow } from '../../api/usePower';
import { useObjectives, useStatus } from '../../api/useStatus';
import { Age } from '../../components/Age';
import { Countdown } from '../../components/Countdown';
import { StatusShape } from '../../components/StatusBadge';
import { budgetLeft } from '../../lib/budget';
import { words } from '../../lib/format';
import { serverClock } from '../../lib/serverClock';
import { type Tone, toneOf } from '../../lib/tone';

interface Shown {
  tone: Tone;
  value: ReactNode;
  note?: ReactNode;
}

interface Props<T> {
  label: string;
  query: UseQueryResult<T>;
  show: (data: T) => Shown;
}

/** While a value cannot be renewed it stays without its colour, and says how old it is. */
function Tile<T>({ label, query, show }: Props<T>) {
  const { data, isError, dataUpdatedAt } = query;
  const isOld = isError && data !== undefined;
  const shown: Shown = data === undefined ? { tone: 'unknown', value: isError ? 'not known' : '…' } : show(data);
  const tone = isOld ? 'unknown' : shown.tone;
  return (
    <div className={`tile tone-${tone}${isOld ? ' old' : ''}`}>
      <dt>{label}</dt>
      <dd>
        <span className="tile-value">
          <StatusShape tone={tone} /> {shown.value}
        </span>
        <span className="muted small">
          {isOld ? <Age at={dataUpdatedAt + serverClock.offset} prefix="as of " /> : shown.note || '\u00a0'}
        </span>
      </dd>
    </div>
  );
}

/** The state of the system in five values. */
export function Tiles() {
  const status = useStatus();
  return (
    <dl className="tiles">
      <Tile label="System" query={status} show={system} />
      <Tile label="Policy" query={status} show={policy} />
      <Tile label="Window" query={useWindow()} show={openWindow} />
      <Tile label="Breakers" query={useBreakers()} show={breakers} />
      <Tile label="Error budget" query={useObjectives()} show={budget} />
    </dl>
  );
}

function system({ status, core_services, optional_services }: SystemStatus): Shown {
  const services = [...Object.values(core_services), ...Object.values(optional_services)];
  const up = services.filter((service) => toneOf(service.status) === 'ok').length;
  return { tone: toneOf(status), value: status, note: `${up} of ${services.length} run` };
}

const policyNotes = {
  solo_madre: 'only the core runs',
  operative_core: 'a window is open',
  full: 'everything may run',
  unknown: undefined,
};

function policy({ policy }: SystemStatus): Shown {
  return { tone: policy === 'unknown' ? 'unknown' : 'ok', value: words(policy), note: policyNotes[policy] };
}

function openWindow({ degraded, reason, status, deadline, services }: WindowState): Shown {
  if (degraded) return { tone: 'warn', value: 'not known', note: reason && words(reason) };
  if (status === 'none') return { tone: 'off', value: 'none open' };
  return { tone: 'ok', value: <Countdown deadline={deadline} />, note: services.join(', ') };
}

function breakers({ breakers }: BreakerList): Shown {
  const all = Object.entries(breakers);
  const open = all.filter(([, { state }]) => state !== 'closed').map(([name]) => name);
  if (open.length === 0) return { tone: 'ok', value: 'all closed', note: `${all.length} known` };
  return { tone: 'bad', value: `${open.length} not closed`, note: open.join(', ') };
}

function budget({ objectives }: Objectives): Shown {
  const least = Math.min(...objectives.map((objective) => objective.budget_remaining));
  if (!Number.isFinite(least)) return { tone: 'off', value: 'no objective' };
  const burn = Math.max(...objectives.flatMap(({ burn_rates }) => burn_rates.map((rate) => rate.burn_rate)), 0);
  const firing = objectives.some(({ alerts }) => alerts.some((alert) => alert.firing));
  const tone = firing || least < 0 ? 'bad' : burn > 1 ? 'warn' : 'ok';
  return { tone, value: budgetLeft(least), note: `burns at ${burn.toFixed(1)} ×` };
}
