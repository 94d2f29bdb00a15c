import { Trans } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { LanguageButton, ThemeButton } from './look-buttons.tsx';

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
