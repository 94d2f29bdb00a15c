import { useEffect } from 'react';
import { applyTheme } from '../../../app/theme.ts';

/** Pictures of people stand on dark ground, whatever the house's pages look like. */
export function useDark(): void {
  useEffect(() => {
    document.documentElement.dataset.kernTheme = 'dark';
    return applyTheme;
  }, []);
}
