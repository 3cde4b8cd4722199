import { useSyncExternalStore } from 'react';
import { useChangeSettings } from '../api/useSettings';
import { applyTheme, storedTheme, type Theme } from '../lib/theme';
import { useSession } from '../session/Session';

const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const icons: Record<Theme, string> = {
  system: 'M4 5h16v11H4zM9 20h6',
  light: 'M12 8a4 4 0 1 0 .01 0M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
};

function subscribe(listener: () => void) {
  addEventListener('themechange', listener);
  return () => removeEventListener('themechange', listener);
}

export function ThemeButton() {
  const theme = useSyncExternalStore(subscribe, storedTheme);
  const settings = useChangeSettings();
  const readOnly = useSession().read_only;
  const change = () => {
    applyTheme(next[theme]);
    if (!readOnly) settings.mutate({ theme: next[theme] });
  };
  return (
    <button type="button" className="icon" onClick={change} aria-label={`Theme: ${theme}`} title={`Theme: ${theme}`}>
      <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
        <path
          d={icons[theme]}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.8"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
    </button>
  );
}
