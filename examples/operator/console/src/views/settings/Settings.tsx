import { useState } from 'react';
import { useChangeSettings, useSettings } from '../../api/useSettings';
import type { UserSettings } from '../../api/types';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { Refusal } from '../../components/Refusal';
import { ViewTitle } from '../../components/ViewTitle';
import { useSession } from '../../session/Session';
import { Choice } from './Choice';
import { LoginPanel } from './LoginPanel';

export default function Settings() {
  const settings = useSettings();
  return (
    <>
      <ViewTitle title="Settings" />
      <div className="grid">
        <Panel title="Display" className="span-6">
          <QueryView query={settings} lines={5}>
            {(data) => <Form settings={data.settings} readOnly={data.read_only} />}
          </QueryView>
        </Panel>
        <LoginPanel />
      </div>
    </>
  );
}

function Form({ settings, readOnly }: { settings: UserSettings; readOnly: boolean }) {
  const change = useChangeSettings();
  const disabled = useSession().read_only || readOnly;
  // At once, before the mutation says that it is pending: a choice that jumps back looks lost.
  const [chosen, setChosen] = useState<UserSettings>({});
  const [seen, setSeen] = useState(settings);
  if (seen !== settings) {
    setSeen(settings);
    setChosen({});
  }
  const shown = { ...settings, ...(change.isPending ? change.variables : {}), ...chosen };
  const set = (part: UserSettings) => {
    setChosen({ ...chosen, ...part });
    change.mutate(part, { onError: () => setChosen({}) });
  };
  return (
    <>
      {disabled && <p className="stale">This console is read-only; settings cannot be changed.</p>}
      <Choice
        legend="Theme"
        options={['system', 'light', 'dark']}
        value={shown.theme}
        disabled={disabled}
        onChange={(theme) => set({ theme })}
      />
      <Choice
        legend="Density"
        options={['comfortable', 'compact']}
        value={shown.density}
        disabled={disabled}
        onChange={(density) => set({ density })}
      />
      <Choice
        legend="Times"
        options={['local', 'utc']}
        value={shown.times}
        disabled={disabled}
        onChange={(times) => set({ times })}
      />
      <p className="field">
        <label htmlFor="refresh">Refresh every</label>
        <select
          id="refresh"
          value={shown.refresh_sec ?? 5}
          disabled={disabled}
          onChange={(event) => set({ refresh_sec: Number(event.target.value) })}
        >
          {[...new Set([2, 5, 10, 30, 60, shown.refresh_sec ?? 5])]
            .sort((a, b) => a - b)
            .map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds} seconds
              </option>
            ))}
        </select>
      </p>
      <Refusal error={change.error} />
      <p role="status" className="muted small">
        {change.isPending
          ? 'Saving…'
          : change.isSuccess
            ? 'Saved.'
            : 'Changes are saved at once, for every browser of yours.'}
      </p>
    </>
  );
}
