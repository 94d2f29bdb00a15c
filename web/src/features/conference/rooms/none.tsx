import { Trans, useLingui } from '@lingui/react/macro';
import { Outlet } from '@tanstack/react-router';
import { useSession } from '../../../app/queries.ts';
import { ButtonLink } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';

/** The pages of meetings, where the house holds any. */
export function WhereMeetingsAre() {
  return useSession().meetings === false ? <NoMeetings /> : <Outlet />;
}

/** Stands wherever a link leads to meetings that this house does not hold. */
export function NoMeetings() {
  const { t } = useLingui();
  const { person, tenant_name: house } = useSession();
  return (
    <Page title={t`Besprechungen`}>
      <EmptyState
        icon={icons.iconGroups}
        title={<Trans>{house} hält hier keine Besprechungen ab</Trans>}
        actions={
          <ButtonLink to="/" icon={icons.iconHome}>
            <Trans>Zur Startseite</Trans>
          </ButtonLink>
        }
      >
        <p>
          {person.roles.includes('administrator') ? (
            <Trans>
              Sie sind in der Konfiguration des Servers ausgeschaltet. Wer ihn betreibt, schaltet
              sie dort unter [media] ein.
            </Trans>
          ) : (
            <Trans>
              Wenn Sie eine Einladung haben, fragen Sie die Person, die eingeladen hat, wo die
              Besprechung stattfindet.
            </Trans>
          )}
        </p>
      </EmptyState>
    </Page>
  );
}
