import './problems.ts';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Outlet } from '@tanstack/react-router';
import { Page, TabLink, Tabs } from '../../../ui/page.tsx';
import { ownTargetsQuery } from './queries.ts';

export const AccountRoute = createLazyRoute('/angemeldet/haus/konto')({ component: AccountLayout });

function AccountLayout() {
  const { t } = useLingui();
  const { data: own } = useQuery(ownTargetsQuery);
  return (
    <Page title={t`Mein Konto`} narrow>
      <Tabs label={t`Mein Konto`}>
        <TabLink to="/konto/geraete">
          <Trans>Geräte und Sitzungen</Trans>
        </TabLink>
        <TabLink to="/konto/sicherheit">
          <Trans>Sicherheit</Trans>
        </TabLink>
        <TabLink to="/konto/ssh-schluessel">
          <Trans>SSH-Schlüssel</Trans>
        </TabLink>
        {own && (own.enabled || own.targets.length > 0) && (
          <TabLink to="/konto/eigene-ziele">
            <Trans>Eigene Ziele</Trans>
          </TabLink>
        )}
        <TabLink to="/konto/darstellung">
          <Trans>Sprache und Darstellung</Trans>
        </TabLink>
      </Tabs>
      <Outlet />
    </Page>
  );
}
