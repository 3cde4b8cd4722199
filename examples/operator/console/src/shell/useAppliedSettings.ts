import { useEffect } from 'react';
import { useSettings } from '../api/useSettings';
import { shownTimes } from '../lib/format';
import { applyTheme } from '../lib/theme';

/** Applies the stored settings of the user when they arrive or change. */
export function useAppliedSettings(): void {
  const { theme, density, times } = useSettings().data?.settings ?? {};
  useEffect(() => {
    if (theme) applyTheme(theme);
  }, [theme]);
  useEffect(() => {
    document.documentElement.dataset.density = density ?? 'comfortable';
  }, [density]);
  useEffect(() => shownTimes.set(times ?? 'local'), [times]);
}
