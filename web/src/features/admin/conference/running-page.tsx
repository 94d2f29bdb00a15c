import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Loaded } from '../../../app/loaded.tsx';
import { kindName } from '../../../app/meeting-words.ts';
import { Button } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { number, since } from '../format.ts';
import { runningQuery } from './queries.ts';

type Running = Schema<'RunningMeeting'>;

/** From this part of a processor on, more meetings may suffer. */
const BUSY = 0.85;
const BITS_A_MEGABIT = 1_000_000;

/** What runs now and what it costs the machine. Who takes part is nobody's business here. */
export function RunningMeetingsPage() {
  const { t } = useLingui();
  const running = useQuery(runningQuery);
  return (
    <Page
      title={t`Laufende Besprechungen`}
      lead={
        <Trans>
          Was jetzt läuft und wie sehr es den Server fordert. Wer teilnimmt, steht hier nicht.
        </Trans>
      }
    >
      <Loaded query={running}>
        {({ meetings, load }) => (
          <>
            <Load load={load} />
            {meetings.length === 0 ? (
              <EmptyState
                icon={icons.iconVideocamOff}
                title={<Trans>Gerade läuft keine Besprechung</Trans>}
              />
            ) : (
              <ul className="fa-rules">
                {meetings.map((meeting) => (
                  <MeetingItem key={meeting.id} meeting={meeting} />
                ))}
              </ul>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Load({ load }: { load: Schema<'MediaLoad'> }) {
  const { t } = useLingui();
  const megabits = number(Math.round(load.bits_a_second / BITS_A_MEGABIT));
  const percent = number(Math.round(load.busiest * 100));
  return (
    <>
      <ul className="fa-numbers fa-numbers--four">
        <Amount value={number(load.seats)} label={t`Plätze belegt`} />
        <Amount value={t`${megabits} Mbit/s`} label={t`gesendet`} />
        <Amount value={number(load.packets_a_second)} label={t`Pakete je Sekunde`} />
        <Amount value={t`${percent} %`} label={t`des am meisten belasteten Kerns`} />
      </ul>
      {load.busiest >= BUSY && (
        <Alert tone="warning" title={<Trans>Der Server ist fast ausgelastet</Trans>}>
          <p>
            <Trans>
              Bild und Ton können stocken. Setzen Sie unter „Regeln für Besprechungen“ engere
              Grenzen, oder geben Sie dem Server mehr Kerne.
            </Trans>
          </p>
        </Alert>
      )}
    </>
  );
}

function Amount({ value, label }: { value: string; label: string }) {
  return (
    <li className="fa-number">
      <strong>{value}</strong>
      <span className="fa-muted">{label}</span>
    </li>
  );
}

function MeetingItem({ meeting }: { meeting: Running }) {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(['admin']);
  const [now] = useState(() => Date.now());
  const end = () =>
    ask({
      title: t`„${meeting.name}“ für alle beenden?`,
      text: (
        <>
          <p>
            <Plural
              value={meeting.seats}
              _0="Gerade ist niemand darin."
              one="Eine Person wird sofort getrennt."
              other="# Personen werden sofort getrennt."
            />
          </p>
          <p>
            <Trans>
              Raumnummer, PIN und Link gelten danach nicht mehr. Das steht im Prüfprotokoll.
            </Trans>
          </p>
        </>
      ),
      action: t`Für alle beenden`,
      danger: true,
      deed: () =>
        must(
          api.POST('/api/v1/admin/conference/meetings/{id}/end', {
            params: { path: { id: meeting.id } },
          }),
        ),
      done: t`„${meeting.name}“ ist beendet.`,
    });
  const kind = kindName(meeting.kind);
  const begun = since(meeting.since, now);
  return (
    <li className="fa-rule kern-level-2">
      <div className="fa-rule__head">
        <h2>{meeting.name}</h2>
        <span className="fa-rule__action">
          <Button small danger onPress={end} aria-label={t`Für alle beenden: „${meeting.name}“`}>
            <Trans>Für alle beenden</Trans>
          </Button>
        </span>
      </div>
      <p className="fa-muted">
        <Trans>
          {kind} · eingeladen hat {meeting.owner.name} · begonnen {begun}
        </Trans>
      </p>
      <p>
        <Plural value={meeting.seats} _0="niemand darin" one="eine Person" other="# Personen" />
        {' · '}
        <Plural value={meeting.microphones} one="ein Mikrofon an" other="# Mikrofone an" />
        {' · '}
        <Plural value={meeting.cameras} one="eine Kamera an" other="# Kameras an" />
        {meeting.lobby > 0 && (
          <>
            {' · '}
            <Plural
              value={meeting.lobby}
              one="eine Person im Warteraum"
              other="# Personen im Warteraum"
            />
          </>
        )}
      </p>
      {dialog}
    </li>
  );
}
