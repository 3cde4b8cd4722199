export type Theme = 'system' | 'light' | 'dark';

const key = 'vx11-theme';

/** None where the browser denies it: then the settings alone keep the theme. */
function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** Kept in this browser as well as in the settings, so that the first paint has it. */
export function storedTheme(): Theme {
  const value = storage()?.getItem(key);
  return value === 'light' || value === 'dark' ? value : 'system';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') {
    storage()?.removeItem(key);
    delete document.documentElement.dataset.theme;
  } else {
    storage()?.setItem(key, theme);
    document.documentElement.dataset.theme = theme;
  }
  window.dispatchEvent(new Event('themechange'));
}
