import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Icon, icons } from '../ui/icon.tsx';
import { Brand } from './brand.tsx';
import { NotFoundPage } from './pages.tsx';
import { sessionQuery } from './queries.ts';
import { Shell } from './shell.tsx';
import { ThemeMenu } from './theme-menu.tsx';

/** Around pages that are there before and after the sign-in: the shell, or only a bar. */
export function Frame({ children }: { children: ReactNode }) {
  const { data: session } = useQuery(sessionQuery);
  if (session) return <Shell>{children}</Shell>;
  return (
    <>
      <header className="fa-bar">
        <Brand tenant={undefined} />
        <div className="fa-bar__end">
          <Link to="/anmelden" className="fa-row">
            <Icon of={icons.iconLock} size="small" />
            <Trans>Anmelden</Trans>
          </Link>
          <ThemeMenu />
        </div>
      </header>
      <main id="inhalt" tabIndex={-1} className="fa-main">
        {children}
      </main>
    </>
  );
}

/** No page at this address, before or after the sign-in. */
export function RootNotFoundPage() {
  return (
    <Frame>
      <NotFoundPage />
    </Frame>
  );
}
