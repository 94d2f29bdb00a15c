import { Trans, useLingui } from '@lingui/react/macro';
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { isProblem } from '../api/problem.ts';
import { problemText } from '../api/problem-text.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { EmptyState } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';

/** No page at this address. */
export function NotFoundPage() {
  const { t } = useLingui();
  return (
    <Page title={t`Diese Seite gibt es nicht`} narrow>
      <EmptyState
        icon={icons.iconTravelExplore}
        title={<Trans>Unter dieser Adresse steht nichts</Trans>}
        actions={
          <ButtonLink to="/" variant="primary" icon={icons.iconHome}>
            <Trans>Zur Startseite</Trans>
          </ButtonLink>
        }
      >
        <p>
          <Trans>
            Vielleicht ist die Adresse unvollständig, oder der Eintrag wurde inzwischen gelöscht.
            Von der Startseite aus finden Sie alles, was Sie nutzen dürfen.
          </Trans>
        </p>
      </EmptyState>
    </Page>
  );
}

/** The person may not be here, or not through this network. */
export function RefusedPage({ reason }: { reason: 'role' | 'zone' }) {
  const { t } = useLingui();
  return (
    <Page title={t`Kein Zugang zu diesem Bereich`} narrow>
      <EmptyState
        icon={icons.iconBlock}
        title={
          reason === 'role' ? (
            <Trans>Dieser Bereich gehört der Verwaltung von Fernamt</Trans>
          ) : (
            <Trans>Die Verwaltung ist von hier aus nicht erreichbar</Trans>
          )
        }
        actions={
          <ButtonLink to="/" variant="primary" icon={icons.iconHome}>
            <Trans>Zur Startseite</Trans>
          </ButtonLink>
        }
      >
        <p>
          {reason === 'role' ? (
            <Trans>
              Ihr Konto hat dafür keine Berechtigung. Wenn Sie sie brauchen, wenden Sie sich an Ihre
              IT-Stelle.
            </Trans>
          ) : (
            <Trans>
              Ihre Behörde lässt die Verwaltung nur aus bestimmten Netzen zu. Öffnen Sie sie im
              Hausnetz oder über Ihren Arbeitsplatz.
            </Trans>
          )}
        </p>
      </EmptyState>
    </Page>
  );
}

/** Something went wrong while a page was being shown. */
export function ErrorPage({ error }: ErrorComponentProps) {
  const { t } = useLingui();
  const router = useRouter();
  const text = problemText(error);
  if (isProblem(error) && error.status === 404) return <NotFoundPage />;
  return (
    <Page title={t`Das hat nicht geklappt`} narrow>
      <EmptyState
        icon={icons.iconCloudOff}
        title={text.what}
        actions={
          <>
            <Button
              variant="primary"
              icon={icons.iconRefresh}
              onPress={() => void router.invalidate()}
            >
              <Trans>Erneut versuchen</Trans>
            </Button>
            <ButtonLink to="/">
              <Trans>Zur Startseite</Trans>
            </ButtonLink>
          </>
        }
      >
        <p>{text.next}</p>
      </EmptyState>
    </Page>
  );
}

/** The same, outside the shell; without any part that might be what failed. */
export function RootErrorPage(props: ErrorComponentProps) {
  return (
    <main id="inhalt" tabIndex={-1} className="fa-main">
      <ErrorPage {...props} />
    </main>
  );
}
