import { useLingui } from '@lingui/react';
import { Outlet, useRouter } from '@tanstack/react-router';
import { RouterProvider as AriaRouter, I18nProvider } from 'react-aria-components';
import { formatLocale } from '../i18n/index.ts';
import { StatusRegion } from '../ui/status.tsx';
import { LineBanner } from './line-banner.tsx';
import { RefusedPage } from './pages.tsx';
import { useSession } from './queries.ts';

/** What stands around every page: language, links, the line's banner, the status region. */
export function Root() {
  // Subscribes to the language, so that formats change with the words.
  useLingui();
  const router = useRouter();
  return (
    <I18nProvider locale={formatLocale()}>
      <AriaRouter navigate={(to) => void router.navigate({ href: to })}>
        <LineBanner />
        <Outlet />
        <StatusRegion />
      </AriaRouter>
    </I18nProvider>
  );
}

/** Lets only those into the administration whom it is meant for; the server decides again. */
export function AdminGate() {
  const session = useSession();
  if (session.person.roles.length === 0) return <RefusedPage reason="role" />;
  if (!session.administration_here) return <RefusedPage reason="zone" />;
  return <Outlet />;
}
