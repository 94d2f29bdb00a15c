import { Plural, Trans } from '@lingui/react/macro';
import { useEffect, useRef } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import type { CleanHtml } from './clean.ts';
import type { Remote } from './use-remote.ts';

type PicturesLineProps = { clean: Pick<CleanHtml, 'blocked' | 'remote'>; remote: Remote };

/** Says above a message which pictures are missing, and has them loaded where that is possible. */
export function PicturesLine({ clean, remote }: PicturesLineProps) {
  const { under, last, start } = remote;
  const line = useRef<HTMLDivElement>(null);
  const wasUnder = useRef(false);
  useEffect(() => {
    // The button that was pressed may be gone.
    if (wasUnder.current && !under) line.current?.focus();
    wasUnder.current = under !== null;
  }, [under]);
  const isOffered = start !== null && clean.remote.length > 0 && !last?.full;
  if (!isOffered && !under && !last) {
    return clean.blocked > 0 ? <Blocked count={clean.blocked} /> : null;
  }
  return (
    <div className="fa-mail__blocked fa-muted" ref={line} tabIndex={-1}>
      {under ? (
        <>
          <p>
            <Trans>
              Bilder werden geladen: {under.through} von {under.of}.
            </Trans>
          </p>
          <Button small onPress={remote.stop}>
            <Trans>Nicht weiter laden</Trans>
          </Button>
        </>
      ) : last ? (
        <>
          <Outcome last={last} />
          {isOffered && (
            <Button small icon={icons.iconRefresh} onPress={() => start(clean.remote)}>
              <Trans>Noch einmal versuchen</Trans>
            </Button>
          )}
        </>
      ) : (
        <>
          <p>
            <Trans>Bilder aus dem Internet wurden nicht geladen.</Trans>
          </p>
          {isOffered && (
            <Button small icon={icons.iconImage} onPress={() => start(clean.remote)}>
              <Trans>Bilder laden</Trans>
            </Button>
          )}
          <p>
            <Trans>
              Der Absender kann so erfahren, dass die Nachricht gelesen wurde; der Server holt sie,
              nicht Ihr Gerät.
            </Trans>
          </p>
        </>
      )}
    </div>
  );
}

function Blocked({ count }: { count: number }) {
  return (
    <p className="fa-mail__blocked fa-muted">
      <Plural
        value={count}
        one="Ein Bild aus dem Internet wurde nicht geladen."
        other="# Bilder aus dem Internet wurden nicht geladen."
      />{' '}
      <Trans>So erfährt niemand, ob und wann Sie die Nachricht lesen.</Trans>
    </p>
  );
}

function Outcome({ last }: { last: NonNullable<Remote['last']> }) {
  const { failed, offline, busy, full } = last;
  if (failed === 0) {
    return (
      <p>
        <Trans>Die Bilder sind geladen, nur für dieses Mal.</Trans>
      </p>
    );
  }
  return (
    <p>
      <Plural
        value={failed}
        one="Ein Bild konnte nicht geladen werden."
        other="# Bilder konnten nicht geladen werden."
      />{' '}
      {full ? (
        <Trans>Von dieser Nachricht werden keine weiteren geladen.</Trans>
      ) : busy ? (
        <>
          <Trans>Der Server holt für Sie gerade keine weiteren Bilder.</Trans>{' '}
          <Trans>Versuchen Sie es später noch einmal.</Trans>
        </>
      ) : (
        offline && <Trans>Der Server ist gerade nicht zu erreichen.</Trans>
      )}
    </p>
  );
}
