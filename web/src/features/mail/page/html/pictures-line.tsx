import { plural, t } from '@lingui/core/macro';
import { Plural, Trans } from '@lingui/react/macro';
import { useEffect, useRef } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { announce } from '../../../../ui/status.tsx';
import type { CleanHtml } from './clean.ts';
import type { Remote } from './use-remote.ts';

type Missing = Pick<CleanHtml, 'blocked' | 'remote' | 'left' | 'unencrypted' | 'others'>;
type PicturesLineProps = { clean: Missing; remote: Remote };

/** Says above a message which pictures are missing, and has them loaded where that is possible. */
export function PicturesLine({ clean, remote }: PicturesLineProps) {
  const { under, last, start, lost } = remote;
  const line = useRef<HTMLDivElement>(null);
  const phase = under ? 'under' : last ? 'ended' : 'offered';
  const before = useRef(phase);
  const outcome = last ? outcomeOf(last, clean) : '';
  // biome-ignore lint/correctness/useExhaustiveDependencies: said once, when it ends
  useEffect(() => {
    if (before.current === phase) return;
    before.current = phase;
    const at = document.activeElement;
    // The button that was pressed is gone. Whoever went elsewhere meanwhile stays there.
    if (!at || at === document.body) line.current?.focus({ preventScroll: true });
    else if (phase === 'ended') announce('info', outcome);
  }, [phase]);
  const wanted = clean.remote.filter((url) => !lost.has(url));
  const isOffered = start !== null && wanted.length > 0 && !last?.full;
  if (phase === 'offered' && !isOffered) {
    if (clean.blocked === 0) return null;
    return (
      <p className="fa-mail__blocked fa-muted">
        <Plural
          value={clean.blocked}
          one="Ein Bild aus dem Internet wurde nicht geladen."
          other="# Bilder aus dem Internet wurden nicht geladen."
        />{' '}
        <Trans>So erfährt niemand, ob und wann Sie die Nachricht lesen.</Trans>
        {start && ` ${unencryptedOf(clean)}`}
      </p>
    );
  }
  return (
    <div className="fa-mail__blocked fa-muted" ref={line} tabIndex={-1}>
      {under ? (
        <>
          <p>
            <Trans>
              Bilder werden geladen: {under.through} von {under.of}.
            </Trans>{' '}
            <Trans>Danach steht die Nachricht wieder an ihrem Anfang.</Trans>
          </p>
          <Button key="stop" small onPress={remote.stop}>
            <Trans>Nicht weiter laden</Trans>
          </Button>
        </>
      ) : last ? (
        <>
          <p>{outcome}</p>
          {isOffered && (
            <Button key="again" small icon={icons.iconRefresh} onPress={() => start(wanted)}>
              <Trans>Noch einmal versuchen</Trans>
            </Button>
          )}
        </>
      ) : (
        <>
          <p>
            <Trans>Bilder aus dem Internet wurden nicht geladen.</Trans>{' '}
            <Trans>
              Der Absender kann so erfahren, dass die Nachricht gelesen wurde; der Server holt sie,
              nicht Ihr Gerät.
            </Trans>{' '}
            {unencryptedOf(clean)}
          </p>
          {isOffered && (
            <Button key="load" small icon={icons.iconImage} onPress={() => start(wanted)}>
              <Trans>Bilder laden</Trans>
            </Button>
          )}
        </>
      )}
    </div>
  );
}

/** What became of those that were asked for, and what is missing besides. */
function outcomeOf(last: NonNullable<Remote['last']>, clean: Missing): string {
  const { failed, malware, ended } = last;
  const unasked = last.unasked + clean.left;
  const isAll = failed === 0 && unasked === 0;
  const said = [
    isAll && t`Die Bilder sind geladen, nur für dieses Mal.`,
    failed > 0 &&
      plural(failed, {
        one: 'Ein Bild konnte nicht geladen werden.',
        other: '# Bilder konnten nicht geladen werden.',
      }),
    malware > 0 &&
      plural(malware, {
        one: 'In einem davon steckt Schadsoftware.',
        other: 'In # davon steckt Schadsoftware.',
      }),
    unasked > 0 &&
      plural(unasked, {
        one: 'Ein Bild wurde nicht geladen.',
        other: '# Bilder wurden nicht geladen.',
      }),
    !isAll && why(last.full || clean.left > 0 ? 'full' : ended),
    unencryptedOf(clean),
    clean.others > 0 &&
      plural(clean.others, {
        one: 'Ein weiteres gehört zur Gestaltung oder zählt nur, wer liest; es bleibt weg.',
        other: '# weitere gehören zur Gestaltung oder zählen nur, wer liest; sie bleiben weg.',
      }),
  ];
  return said.filter(Boolean).join(' ');
}

function why(ended: NonNullable<Remote['last']>['ended'] | 'full'): string {
  switch (ended) {
    case 'full':
      return t`Von dieser Nachricht werden keine weiteren geladen.`;
    case 'busy':
      return `${t`Der Server holt für Sie gerade keine weiteren Bilder.`} ${t`Versuchen Sie es später noch einmal.`}`;
    case 'offline':
      return t`Der Server ist gerade nicht zu erreichen.`;
    case 'unscanned':
      return t`Der Virenscanner ist gerade nicht zu erreichen. Ungeprüft wird nichts gezeigt.`;
    case null:
      return '';
  }
}

function unencryptedOf({ unencrypted }: Missing): string {
  if (unencrypted === 0) return '';
  return plural(unencrypted, {
    one: 'Ein Bild bleibt weg, weil es unverschlüsselt käme; das erlaubt Ihre Verwaltung nicht.',
    other:
      '# Bilder bleiben weg, weil sie unverschlüsselt kämen; das erlaubt Ihre Verwaltung nicht.',
  });
}
