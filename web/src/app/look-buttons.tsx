import { useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { chooseLanguage, locale } from '../i18n/index.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { chooseTheme, isDark } from './theme.ts';

/** Leads to the other language. */
export function LanguageButton() {
  const { t } = useLingui();
  const [pending, setPending] = useState(false);
  const next = locale() === 'de' ? 'en' : 'de';
  const change = async () => {
    setPending(true);
    await chooseLanguage(next);
    setPending(false);
  };
  return (
    <Button
      variant="tertiary"
      small
      icon={icons.iconLanguage}
      pending={pending}
      aria-label={next === 'en' ? t`Sprache wechseln: English` : t`Sprache wechseln: Deutsch`}
      onPress={() => void change()}
    >
      <span lang={next}>{next === 'en' ? 'English' : 'Deutsch'}</span>
    </Button>
  );
}

/** Light or dark; the whole choice is in the account. */
export function ThemeButton() {
  const { t } = useLingui();
  const [dark, setDark] = useState(isDark());
  return (
    <IconButton
      label={dark ? t`Helle Darstellung` : t`Dunkle Darstellung`}
      icon={dark ? icons.iconLightMode : icons.iconDarkMode}
      onPress={() => {
        chooseTheme(dark ? 'light' : 'dark');
        setDark(!dark);
      }}
    />
  );
}
