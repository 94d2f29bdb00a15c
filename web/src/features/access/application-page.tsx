import './problems.ts';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { api, must } from '../../api/client.ts';
import { ProblemAlert } from '../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { icons } from '../../ui/icon.tsx';
import { Loading } from '../../ui/notice.tsx';
import { Page } from '../../ui/page.tsx';

export const ApplicationRoute = createLazyRoute('/angemeldet/haus/anwendung/$targetId')({
  component: ApplicationPage,
});

/** The step between a tile and a web application on its own origin: asks for the way and takes it. */
function ApplicationPage() {
  const { t } = useLingui();
  const { targetId } = useParams({ from: '/angemeldet/haus/anwendung/$targetId' });
  const { data, error, refetch } = useQuery({
    queryKey: ['me', 'targets', targetId, 'open'],
    queryFn: () =>
      must(api.POST('/api/v1/me/targets/{id}/open', { params: { path: { id: targetId } } })),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const url = data?.kind === 'web' ? data.url : undefined;
  useEffect(() => {
    if (url && /^(https?:|\/)/.test(url)) window.location.replace(url);
  }, [url]);
  return (
    <Page title={error ? t`Die Anwendung öffnet nicht` : t`Die Anwendung wird geöffnet`} narrow>
      {error ? (
        <>
          <ProblemAlert problem={error} />
          <div className="fa-row">
            <Button variant="primary" icon={icons.iconRefresh} onPress={() => void refetch()}>
              <Trans>Erneut versuchen</Trans>
            </Button>
            <ButtonLink to="/">
              <Trans>Zur Startseite</Trans>
            </ButtonLink>
          </div>
        </>
      ) : (
        <Loading />
      )}
    </Page>
  );
}
