import { Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { chooseLanguage, locale } from '../i18n/index.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { Brand } from './brand.tsx';
import { chooseTheme, isDark } from './theme.ts';

type FrontProps = {
  tenant: string | undefined;
  wide?: boolean;
  /** What stands at the foot; the help for signing in, unless said. */
  foot?: ReactNode;
  children: ReactNode;
};

/** The page before sign-in: the house's name, one panel, help. */
export function Front({ tenant, wide = false, foot, children }: FrontProps) {
  return (
    <div className="fa-front">
      <header className="fa-front__bar fa-noprint">
        <Brand tenant={tenant} />
        <div className="fa-row">
          <LanguageButton />
          <ThemeButton />
        </div>
      </header>
      <main id="inhalt" tabIndex={-1} className="fa-front__main">
        <div className={`fa-front__panel kern-level-2 ${wide ? 'fa-front__panel--wide' : ''}`}>
          {children}
        </div>
      </main>
      <footer className="fa-front__foot fa-noprint">
        {foot ?? (
          <Link to="/hilfe">
            <Trans>Hilfe zur Anmeldung</Trans>
          </Link>
        )}
      </footer>
    </div>
  );
}

function LanguageButton() {
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
function ThemeButton() {
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
