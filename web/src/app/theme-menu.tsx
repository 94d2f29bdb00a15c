import { useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { IconButton } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { chooseTheme, chosenTheme, type Theme } from './theme.ts';

/** Light, dark, as the system: a small menu in the bar. */
export function ThemeMenu() {
  const { t } = useLingui();
  const [theme, setTheme] = useState(chosenTheme());
  const choose = (next: Theme) => {
    chooseTheme(next);
    setTheme(next);
  };
  const mark = (value: Theme, icon: string) => (theme === value ? icons.iconCheck : icon);
  return (
    <Menu
      label={t`Darstellung`}
      trigger={<IconButton label={t`Darstellung`} icon={icons.iconContrast} />}
    >
      <MenuItem icon={mark('system', icons.iconComputer)} onAction={() => choose('system')}>
        {theme === 'system' ? t`Wie das Gerät (gewählt)` : t`Wie das Gerät`}
      </MenuItem>
      <MenuItem icon={mark('light', icons.iconLightMode)} onAction={() => choose('light')}>
        {theme === 'light' ? t`Hell (gewählt)` : t`Hell`}
      </MenuItem>
      <MenuItem icon={mark('dark', icons.iconDarkMode)} onAction={() => choose('dark')}>
        {theme === 'dark' ? t`Dunkel (gewählt)` : t`Dunkel`}
      </MenuItem>
    </Menu>
  );
}
