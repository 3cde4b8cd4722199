import type { Service } from '../../api/types';

interface Props {
  services: Service[];
  chosen: Service[];
  onChange: (chosen: Service[]) => void;
}

export function ServiceChoice({ services, chosen, onChange }: Props) {
  const toggle = (name: Service) =>
    onChange(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  return (
    <fieldset className="field">
      <legend>Services</legend>
      <div className="choices">
        {services.map((name) => (
          <label key={name} className="choice">
            <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
            {name}
          </label>
        ))}
      </div>
      {services.length === 0 && <p className="muted">No service is known that a window could open.</p>}
    </fieldset>
  );
}
