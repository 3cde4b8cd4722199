import type { ReactNode } from 'react';
import { useBreakers } from '../../api/useBreakers';
import { useWindow } from '../../api/usePower';
import { useObjectives, useStatus } from '../../api/useStatus';
import { Countdown } from '../../components/Countdown';
import { StatusShape } from '../../components/StatusBadge';
import { percent, words } from '../../lib/format';
import { type Tone, toneOf } from '../../lib/tone';

function Tile({ label, tone, value, note }: { label: string; tone: Tone; value: ReactNode; note?: ReactNode }) {
  return (
    <div className={`tile tone-${tone}`}>
      <dt>{label}</dt>
      <dd>
        <span className="tile-value">
          <StatusShape tone={tone} /> {value}
        </span>
        <span className="muted small">{note || '\u00a0'}</span>
      </dd>
    </div>
  );
}

const missing = (failed: boolean) => (failed ? 'not known' : '…');

/** The state of the system in five values. */
export function Tiles() {
  return (
    <dl className="tiles">
      <SystemTile />
      <PolicyTile />
      <WindowTile />
      <BreakersTile />
      <BudgetTile />
    </dl>
  );
}

function SystemTile() {
  const { data, isError } = useStatus();
  if (!data) return <Tile label="System" tone="unknown" value={missing(isError)} />;
  const services = [...Object.values(data.core_services), ...Object.values(data.optional_services)];
  const up = services.filter(({ status }) => toneOf(status) === 'ok').length;
  return (
    <Tile label="System" tone={toneOf(data.status)} value={data.status} note={`${up} of ${services.length} run`} />
  );
}

function PolicyTile() {
  const { data } = useStatus();
  const policy = data?.policy ?? 'unknown';
  const note = {
    solo_madre: 'only the core runs',
    operative_core: 'a window is open',
    full: 'everything may run',
    unknown: undefined,
  };
  return (
    <Tile label="Policy" tone={policy === 'unknown' ? 'unknown' : 'ok'} value={words(policy)} note={note[policy]} />
  );
}

function WindowTile() {
  const { data, isError } = useWindow();
  if (!data) return <Tile label="Window" tone="unknown" value={missing(isError)} />;
  if (data.degraded)
    return <Tile label="Window" tone="warn" value="not known" note={data.reason && words(data.reason)} />;
  if (data.status === 'none') return <Tile label="Window" tone="off" value="none open" />;
  return (
    <Tile label="Window" tone="ok" value={<Countdown deadline={data.deadline} />} note={data.services.join(', ')} />
  );
}

function BreakersTile() {
  const { data, isError } = useBreakers();
  if (!data) return <Tile label="Breakers" tone="unknown" value={missing(isError)} />;
  const all = Object.entries(data.breakers);
  const open = all.filter(([, { state }]) => state !== 'closed').map(([name]) => name);
  return open.length === 0 ? (
    <Tile label="Breakers" tone="ok" value="all closed" note={`${all.length} known`} />
  ) : (
    <Tile label="Breakers" tone="bad" value={`${open.length} not closed`} note={open.join(', ')} />
  );
}

function BudgetTile() {
  const { data, isError } = useObjectives();
  if (!data) return <Tile label="Error budget" tone="unknown" value={missing(isError)} />;
  const least = Math.min(...data.objectives.map((objective) => objective.budget_remaining));
  if (!Number.isFinite(least)) return <Tile label="Error budget" tone="off" value="no objective" />;
  const burn = Math.max(...data.objectives.flatMap(({ burn_rates }) => burn_rates.map((rate) => rate.burn_rate)), 0);
  const firing = data.objectives.some(({ alerts }) => alerts.some((alert) => alert.firing));
  const tone = firing || least < 0 ? 'bad' : burn > 1 ? 'warn' : 'ok';
  return <Tile label="Error budget" tone={tone} value={percent(least, 0)} note={`burns at ${burn.toFixed(1)} ×`} />;
}
