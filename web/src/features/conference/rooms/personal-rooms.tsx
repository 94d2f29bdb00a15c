import { Trans, useLingui } from '@lingui/react/macro';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { className } from '../../../app/meeting-words.ts';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { Access, JoinLink, MeetingBadges } from './parts.tsx';
import {
  CONFERENCE,
  MEETINGS_AT_ONCE,
  meetingQuery,
  meetingsQuery,
  optionsQuery,
  personalRoomsQuery,
  type Room,
  type Summary,
} from './queries.ts';
import { ownZone, timeOf } from './times.ts';

/** The rooms that the person opens by hand, with number and PIN while they are open. */
export function PersonalRooms() {
  const rooms = useQuery(personalRoomsQuery);
  const { data: options } = useQuery(optionsQuery);
  const may = options?.may_create.includes('personal') ?? false;
  const below = useQuery(meetingsQuery('upcoming', MEETINGS_AT_ONCE));
  // The list below says it already, and once is enough.
  if (!rooms.data && rooms.error && below.error) return null;
  return (
    <Loaded query={rooms}>
      {(found) => (
        <>
          {found.map((room) => (
            <PersonalRoom key={room.id} room={room} />
          ))}
          {found.length === 0 && may && <NoRoomYet />}
        </>
      )}
    </Loaded>
  );
}

function NoRoomYet() {
  return (
    <Card
      title={<Trans>Ihr persönlicher Raum</Trans>}
      lead={
        <Trans>
          Für das spontane Gespräch: Sie öffnen ihn, wann Sie wollen, und schicken Link oder
          Raumnummer weiter.
        </Trans>
      }
      actions={
        <ButtonLink to="/besprechungen/neu" search={{ art: 'personal' }} icon={icons.iconAdd}>
          <Trans>Raum einrichten</Trans>
        </ButtonLink>
      }
    >
      {null}
    </Card>
  );
}

function PersonalRoom({ room }: { room: Room }) {
  const open = room.meetings.find(({ open_now }) => open_now);
  const protection = className(room.protection);
  const [opened, setOpened] = useState(false);
  return (
    <div className="fa-personal">
      <Card
        title={
          <Link to="/besprechungen/$id" params={{ id: room.id }}>
            {room.name}
          </Link>
        }
        lead={
          open ? (
            <OpenUntil meeting={open} />
          ) : (
            <span className="fa-not-on-phone">
              <Trans>
                Ihr Raum für spontane Gespräche ist geschlossen: Niemand kommt hinein. Raumnummer,
                PIN und Link gibt es, sobald Sie ihn öffnen.
              </Trans>
            </span>
          )
        }
        actions={
          <>
            {open ? (
              <MeetingBadges meeting={open} />
            ) : (
              <span className="fa-not-on-phone">
                <Badge tone={protection.tone} icon={protection.icon}>
                  {protection.label}
                </Badge>
              </span>
            )}
            {open ? (
              <JoinLink meeting={open} primary />
            ) : (
              <OpenButton room={room} onOpened={() => setOpened(true)} />
            )}
          </>
        }
      >
        {open && (
          // A phone's first screen is for the meetings; who has just opened the room wants the numbers.
          <details className="fa-plain-details" open={opened || isWide()}>
            <summary>
              <Trans>Raumnummer, PIN und Link</Trans>
            </summary>
            <Opening id={open.id} room={room} />
          </details>
        )}
      </Card>
    </div>
  );
}

function OpenUntil({ meeting }: { meeting: Summary }) {
  const until = timeOf(meeting.valid_until, ownZone());
  return (
    <Trans>
      Offen, längstens bis {until} Uhr. Wer den Link oder Raumnummer und PIN hat, kann kommen.
    </Trans>
  );
}

const isWide = () => window.matchMedia('(min-width: 768px)').matches;

/** Opens a personal room; what it is opened with counts for this time only. */
export function OpenButton({ room, onOpened }: { room: Room; onOpened?: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const open = useMutation({
    mutationFn: () =>
      must(api.POST('/api/v1/conference/rooms/{id}/open', { params: { path: { id: room.id } } })),
    onSuccess: (meeting) => {
      client.setQueryData(meetingQuery(meeting.id).queryKey, meeting);
      announce('success', t`„${room.name}“ ist offen.`);
      onOpened?.();
    },
    onSettled: () => void client.invalidateQueries({ queryKey: CONFERENCE }),
  });
  return (
    <>
      <Button
        variant="primary"
        icon={icons.iconMeetingRoom}
        pending={open.isPending}
        onPress={() => open.mutate()}
      >
        <Trans>Raum öffnen</Trans>
      </Button>
      {open.error && <ProblemAlert problem={open.error} />}
    </>
  );
}

function Opening({ id, room }: { id: string; room: Room }) {
  const meeting = useQuery(meetingQuery(id));
  return (
    <Loaded query={meeting}>
      {({ access }) => (access ? <Access access={access} room={room} meeting={id} /> : null)}
    </Loaded>
  );
}
