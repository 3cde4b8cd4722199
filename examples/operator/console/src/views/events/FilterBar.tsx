import type { EventFilter, Severity } from '../../lib/eventLog';

const severities: Severity[] = ['critical', 'error', 'warn', 'info'];

interface Props {
  filter: EventFilter;
  modules: string[];
  onChange: (filter: EventFilter) => void;
}

export function FilterBar({ filter, modules, onChange }: Props) {
  const active = filter.severity !== '' || filter.module !== '' || filter.text !== '';
  return (
    <div className="toolbar filter" role="search" aria-label="Filter events">
      <label>
        Severity
        <select
          value={filter.severity}
          onChange={(event) => onChange({ ...filter, severity: event.target.value as Severity | '' })}
        >
          <option value="">All</option>
          {severities.map((severity) => (
            <option key={severity}>{severity}</option>
          ))}
        </select>
      </label>
      <label>
        Module
        <select value={filter.module} onChange={(event) => onChange({ ...filter, module: event.target.value })}>
          <option value="">All</option>
          {modules.map((module) => (
            <option key={module}>{module}</option>
          ))}
        </select>
      </label>
      <label className="grow">
        Text
        <input
          type="search"
          value={filter.text}
          placeholder="Type, summary or correlation id"
          onChange={(event) => onChange({ ...filter, text: event.target.value })}
        />
      </label>
      {active && (
        <button type="button" onClick={() => onChange({ severity: '', module: '', text: '' })}>
          Clear
        </button>
      )}
    </div>
  );
}
