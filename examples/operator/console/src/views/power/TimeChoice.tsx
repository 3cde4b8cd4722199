import { presets, type WindowChoice } from './windowOrder';

interface Props {
  choice: WindowChoice;
  onChange: (choice: WindowChoice) => void;
}

export function TimeChoice({ choice, onChange }: Props) {
  return (
    <fieldset className="field">
      <legend>Time</legend>
      <div className="choices">
        <label className="choice">
          <input
            type="radio"
            name="time"
            checked={!choice.hold}
            onChange={() => onChange({ ...choice, hold: false })}
          />
          Ends by itself
        </label>
        <label className="choice">
          <input type="radio" name="time" checked={choice.hold} onChange={() => onChange({ ...choice, hold: true })} />
          Hold until closed
        </label>
      </div>
      {!choice.hold && (
        <div className="toolbar">
          <label>
            Minutes
            <input
              inputMode="decimal"
              className="short"
              value={choice.minutes}
              onChange={(event) => onChange({ ...choice, minutes: event.target.value })}
            />
          </label>
          {presets.map((minutes) => (
            <button
              key={minutes}
              type="button"
              aria-pressed={choice.minutes === String(minutes)}
              onClick={() => onChange({ ...choice, minutes: String(minutes) })}
            >
              {minutes} min
            </button>
          ))}
        </div>
      )}
    </fieldset>
  );
}
