interface Props<T extends string> {
  legend: string;
  options: readonly T[];
  value: T | undefined;
  disabled: boolean;
  onChange: (value: T) => void;
}

const shown: Record<string, string> = { utc: 'UTC' };

export function Choice<T extends string>({ legend, options, value, disabled, onChange }: Props<T>) {
  return (
    <fieldset className="field" disabled={disabled}>
      <legend>{legend}</legend>
      <div className="choices">
        {options.map((option) => (
          <label key={option} className="choice">
            <input type="radio" name={legend} checked={value === option} onChange={() => onChange(option)} />
            {shown[option] ?? `${option[0]?.toUpperCase()}${option.slice(1)}`}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
