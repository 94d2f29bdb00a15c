import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
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
import { CONFERENCE, invitationQuery, meetingQuery, type Room, runsIt } from './queries.ts';

type InvitationProps = {
  room: Room;
  /** The meeting it is about; nothing for all of them. */
  meeting: string | null;
  onChoose: (meeting: string | null) => void;
};

/** What lets people in: number, PIN and link, the letter in both languages, the calendar file. */
export function InvitationCard({ room, meeting, onChoose }: InvitationProps) {
  const { t } = useLingui();
  const moment = useMoment();
  const chosen = room.meetings.find(({ id }) => id === meeting);
  return (
    <Card
      title={<Trans>Einladung</Trans>}
      lead={
        <Trans>
          Raumnummer, PIN und Link gelten nur rund um den Termin und für jeden Termin neu.
        </Trans>
      }
      {...(chosen?.open_now && { actions: <JoinLink meeting={chosen} primary /> })}
    >
      {room.meetings.length > 1 && (
        <Select
          label={t`Für welchen Termin?`}
          name="termin"
          value={meeting ?? ''}
          onChange={(id) => onChoose(id || null)}
          options={[
            { value: '', label: t`alle Termine` },
            ...room.meetings.map((one) => ({ value: one.id, label: moment(one) })),
          ]}
        />
      )}
      {meeting && <Codes room={room} id={meeting} />}
      <Letters room={room.id} meeting={meeting} />
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
            <Access access={access} />
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
