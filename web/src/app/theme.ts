/** Light, dark or as the system says. */
export type Theme = 'system' | 'light' | 'dark';

const STORED = 'fernamt-theme';

/** The choice made in this browser. */
export function chosenTheme(): Theme {
  const stored = localStorage.getItem(STORED);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/** Chooses and applies a theme. */
export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, theme);
  applyTheme();
}

/** Applies the choice to the page; also when another tab changes it. */
export function applyTheme(): void {
  const theme = chosenTheme();
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset.kernTheme;
  else root.dataset.kernTheme = theme;
}

window.addEventListener('storage', (event) => {
  if (event.key === STORED) applyTheme();
});

/** Whether the page is dark now. */
export function isDark(): boolean {
  const theme = chosenTheme();
  return theme === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}
