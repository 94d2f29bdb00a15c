import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { formatLocale } from '../../../i18n/index.ts';
import { Icon, icons } from '../../../ui/icon.tsx';
import { formatDay, formatWeekday } from '../../../ui/time.tsx';
import type { Facts } from '../meeting/wire.ts';

type FactsProps = { facts: Facts /** From device to device. */; sealed: boolean };

/** Who runs this, where, how it is encrypted, and what is kept and until when. */
export function MeetingFacts({ facts, sealed }: FactsProps) {
  return (
    <ul className="fa-facts-list">
      <Fact icon={icons.iconAccountBalance}>
        <Trans>
          Eingeladen hat {facts.held_by}. Betrieben wird die Konferenz von {facts.house.name}.
        </Trans>
      </Fact>
      <Fact icon={icons.iconDns}>
        {facts.house.media === 'this_server' ? (
          <Trans>Bild und Ton laufen nur über den eigenen Server {facts.house.media_host}.</Trans>
        ) : (
          <Trans>
            Bild und Ton laufen über die Konferenzserver der Behörde ({facts.house.media_host}).
          </Trans>
        )}
      </Fact>
      <Fact icon={sealed ? icons.iconEncrypted : icons.iconLock}>
        {sealed ? (
          <Trans>
            Bild, Ton und Chat sind von Gerät zu Gerät verschlüsselt. Der Server leitet sie weiter
            und kann sie weder sehen noch hören noch lesen; Namen, Handzeichen und Reaktionen sieht
            er.
          </Trans>
        ) : (
          <Trans>
            Alles ist auf dem Weg zum Server verschlüsselt. Der Server selbst könnte mithören; nur
            die Behörde hat Zugang zu ihm.
          </Trans>
        )}
      </Fact>
      <Fact icon={icons.iconHistory}>
        <KeptList facts={facts} />
      </Fact>
    </ul>
  );
}

function Fact({ icon, children }: { icon: string; children: ReactNode }) {
  return (
    <li>
      <Icon of={icon} size="small" />
      <span>{children}</span>
    </li>
  );
}

function KeptList({ facts }: { facts: Facts }) {
  const { t } = useLingui();
  const names: Record<Facts['kept'][number]['what'], string> = {
    attendance: t`wer da war`,
    media: t`Bild und Ton`,
    chat: t`Chat`,
    private_chat: t`private Nachrichten`,
    gestures: t`Handzeichen und Reaktionen`,
    moderation: t`Entscheidungen der Moderation`,
  };
  const list = (wanted: (rule: string) => boolean) =>
    listed(facts.kept.filter(({ until }) => wanted(until.rule)).map(({ what }) => names[what]));
  const never = list((rule) => rule === 'never');
  const end = list((rule) => rule === 'end');
  return (
    <span className="fa-stack fa-stack--tight">
      {never && (
        <span>
          <Trans>Nie gespeichert: {never}.</Trans>
        </span>
      )}
      {end && (
        <span>
          <Trans>Nur bis zum Ende der Besprechung: {end}.</Trans>
        </span>
      )}
      {facts.kept.map(({ what, until }) => {
        if (until.rule !== 'days') return null;
        const { days, at } = until;
        const name = names[what];
        return (
          <span key={what}>
            {at ? (
              <Trans>
                Gespeichert bis {formatDay(at)}: {name}.
              </Trans>
            ) : (
              <Trans>
                Gespeichert bis {days} Tage nach dem Ende: {name}.
              </Trans>
            )}
          </span>
        );
      })}
    </span>
  );
}

const listed = (words: readonly string[]) => words.join(', ');

/** When it takes place, in one line. */
export function MeetingTime({ facts }: { facts: Facts }) {
  const { starts_at: starts, ends_at: ends } = facts;
  if (!starts || !ends) return null;
  const time = new Intl.DateTimeFormat(formatLocale(), { hour: '2-digit', minute: '2-digit' });
  const from = new Date(starts);
  const to = new Date(ends);
  return (
    <span>
      <time dateTime={starts}>
        {formatWeekday(from)}, {time.format(from)}
      </time>
      {' – '}
      <time dateTime={ends}>{time.format(to)}</time>
    </span>
  );
}
