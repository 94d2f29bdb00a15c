import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Loaded } from '../../../app/loaded.tsx';
import { locale } from '../../../i18n/index.ts';
import { Button } from '../../../ui/button.tsx';
import { Select } from '../../../ui/choices.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Card } from '../../../ui/page.tsx';
import { saveFile } from '../../../ui/save-file.ts';
import { Access, JoinLink, useMoment } from './parts.tsx';
import {
  CONFERENCE,
  invitationQuery,
  meetingQuery,
  type Room,
  runsIt,
  type Summary,
} from './queries.ts';
import { ownZone, timeOf } from './times.ts';

type WayInProps = {
  room: Room;
  /** The meeting it is about. */
  meeting: Summary;
  onChoose: (meeting: string) => void;
};

/** The way into one meeting: joining it, its link, number and PIN. */
export function WayInCard({ room, meeting, onChoose }: WayInProps) {
  const { t } = useLingui();
  const moment = useMoment();
  const series = room.meetings.length > 1;
  return (
    <Card
      title={<Trans>Beitreten</Trans>}
      lead={<JoinableFrom meeting={meeting} />}
      {...(meeting.open_now && { actions: <JoinLink meeting={meeting} primary /> })}
    >
      {series && (
        <Select
          label={t`Für welchen Termin?`}
          name="termin"
          value={meeting.id}
          onChange={onChoose}
          options={room.meetings.map((one) => ({ value: one.id, label: moment(one) }))}
        />
      )}
      <Codes room={room} id={meeting.id} />
    </Card>
  );
}

function JoinableFrom({ meeting }: { meeting: Summary }) {
  const moment = useMoment();
  const [starts, opens] = [moment(meeting), timeOf(meeting.valid_from, ownZone())];
  if (meeting.state === 'running') return <Trans>{starts} · läuft jetzt</Trans>;
  if (meeting.open_now || meeting.state !== 'planned') return starts;
  return (
    <Trans>
      {starts} · Beitreten ab {opens} Uhr
    </Trans>
  );
}

/** What is sent to those who are invited: the letter in both languages, and the calendar file. */
export function InvitationCard({ room, meeting }: { room: Room; meeting: string | null }) {
  const { t } = useLingui();
  const moment = useMoment();
  const [chosen, setChosen] = useState(meeting);
  const known = room.meetings.some(({ id }) => id === chosen) ? chosen : meeting;
  return (
    <Card
      title={<Trans>Einladung zum Weitergeben</Trans>}
      lead={
        <Trans>
          Raumnummer, PIN und Link gelten nur rund um den Termin und für jeden Termin neu.
        </Trans>
      }
    >
      {room.meetings.length > 1 && (
        <Select
          label={t`Was steht darin?`}
          name="brief"
          value={known ?? ''}
          onChange={(id) => setChosen(id || null)}
          options={[
            { value: '', label: t`alle Termine` },
            ...room.meetings.map((one) => ({ value: one.id, label: moment(one) })),
          ]}
        />
      )}
      <Letters room={room.id} meeting={known} />
    </Card>
  );
}

function Codes({ room, id }: { room: Room; id: string }) {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(CONFERENCE);
  const meeting = useQuery(meetingQuery(id));
  const renew = () =>
    ask({
      title: t`Neue PIN vergeben?`,
      text: (
        <p>
          <Trans>
            Die bisherige PIN gilt dann nicht mehr; wer sie hat, braucht die neue. Raumnummer und
            Link bleiben.
          </Trans>
        </p>
      ),
      action: t`Neue PIN vergeben`,
      deed: () =>
        must(api.POST('/api/v1/conference/meetings/{id}/pin', { params: { path: { id } } })),
      done: t`Die neue PIN gilt ab jetzt.`,
    });
  return (
    <Loaded query={meeting}>
      {({ access }) =>
        access && (
          <>
            <Access access={access} room={room} meeting={id} />
            {runsIt(room.role) && (
              <div>
                <Button small icon={icons.iconRefresh} onPress={renew}>
                  <Trans>Neue PIN vergeben</Trans>
                </Button>
              </div>
            )}
            {dialog}
          </>
        )
      }
    </Loaded>
  );
}

function Letters({ room, meeting }: { room: string; meeting: string | null }) {
  const { t } = useLingui();
  const invitation = useQuery(invitationQuery(room, meeting));
  return (
    <Loaded query={invitation}>
      {({ de, en, calendar, file_name }) => {
        const german = { name: t`Text auf Deutsch`, ...de };
        const english = { name: t`Text auf Englisch`, ...en };
        const letters = locale() === 'de' ? [german, english] : [english, german];
        return (
          <div className="fa-stack fa-stack--tight">
            {letters.map(({ name, subject, text }) => (
              <details key={name} className="fa-details">
                <summary>{name}</summary>
                <div>
                  <CopyField label={name} value={`${subject}\n\n${text}`} />
                </div>
              </details>
            ))}
            <div>
              <Button
                icon={icons.iconDownload}
                onPress={() => saveFile(file_name, calendar, 'text/calendar')}
              >
                <Trans>Kalenderdatei herunterladen</Trans>
              </Button>
            </div>
          </div>
        );
      }}
    </Loaded>
  );
}
