import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Alert } from '../../../ui/notice.tsx';
import { number } from '../format.ts';
import { licencesQuery } from '../queries.ts';

/** How many licences of the demanded security app are taken; nothing where none is demanded. */
export function LicencesLine() {
  const { data } = useQuery(licencesQuery);
  if (!data?.demanded) return null;
  const { app, licences, taken } = data;
  const left = Math.max(0, licences - taken);
  const counts = (
    <Trans>
      Sicherheits-App „{app}“: {number(taken)} von {number(licences)} Lizenzen vergeben,{' '}
      {number(left)} frei.
    </Trans>
  );
  if (left > 0) return <p>{counts}</p>;
  return (
    <Alert tone="warning" title={<Trans>Keine Lizenz mehr frei</Trans>}>
      <p>
        {counts}{' '}
        <Trans>
          Ein weiteres Telefon bekommt erst Post, wenn eine frei wird: Löschen Sie den Container
          eines Telefons, das niemand mehr benutzt, oder sperren Sie es endgültig.
        </Trans>
      </p>
    </Alert>
  );
}
