import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';

export type Room = Schema<'Room'>;
export type Meeting = Schema<'Meeting'>;
export type Summary = Schema<'MeetingSummary'>;
export type Booking = Schema<'Booking'>;
export type Options = Schema<'ConferenceOptions'>;
export type Kind = Schema<'RoomKind'>;
export type When = 'upcoming' | 'past';

/** All that is shown of rooms and meetings is asked for again when something of it changes. */
export const CONFERENCE = ['conference'];
/** Entries that one look at the list shows. */
export const MEETINGS_AT_ONCE = 50;
const MOST_PERSONAL_ROOMS = 20;
const LIVE_MS = 30_000;

/** What the person may make, and what it may be. */
export const optionsQuery = queryOptions({
  queryKey: [...CONFERENCE, 'options'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/conference/options', { signal })),
});

/** Meetings that the person owns or is invited to; looked at again, because they begin and end. */
export const meetingsQuery = (when: When, limit: number) =>
  queryOptions({
    queryKey: [...CONFERENCE, 'meetings', when, limit],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/conference/meetings', { params: { query: { when, limit } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });

/** The rooms that somebody opens by hand. */
export const personalRoomsQuery = queryOptions({
  queryKey: [...CONFERENCE, 'rooms', 'personal'],
  queryFn: async ({ signal }) => {
    const found: Room[] = [];
    for (let offset = 0; ; ) {
      const query = { offset, limit: 200 };
      const page = await must(api.GET('/api/v1/conference/rooms', { params: { query }, signal }));
      found.push(...page.items.filter(({ kind }) => kind === 'personal'));
      offset += page.items.length;
      const enough = found.length >= MOST_PERSONAL_ROOMS;
      if (page.items.length === 0 || offset >= page.total || enough) return found;
    }
  },
  refetchInterval: LIVE_MS,
});

export const roomQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONFERENCE, 'room', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/conference/rooms/{id}', { params: { path: { id } }, signal })),
    refetchInterval: LIVE_MS,
  });

export const meetingQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONFERENCE, 'meeting', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/conference/meetings/{id}', { params: { path: { id } }, signal })),
  });

/** The invitation to one meeting, or to all of a room that are to come. */
export const invitationQuery = (room: string, meeting: string | null) =>
  queryOptions({
    queryKey: [...CONFERENCE, 'invitation', room, meeting],
    queryFn: ({ signal }) =>
      meeting
        ? must(
            api.GET('/api/v1/conference/meetings/{id}/invitation', {
              params: { path: { id: meeting } },
              signal,
            }),
          )
        : must(
            api.GET('/api/v1/conference/rooms/{id}/invitation', {
              params: { path: { id: room } },
              signal,
            }),
          ),
  });

/** The days that a booking would have. */
export const previewQuery = (booking: Booking | null) =>
  queryOptions({
    queryKey: [...CONFERENCE, 'preview', booking],
    queryFn: ({ signal }) =>
      booking === null
        ? null
        : must(api.POST('/api/v1/conference/rooms/preview', { body: booking, signal })),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** People of the house by name; shorter words than this find nobody. */
export const LEAST_SEARCH_CHARS = 2;

export const peopleQuery = (words: string) =>
  queryOptions({
    queryKey: [...CONFERENCE, 'people', words],
    queryFn: ({ signal }) =>
      words.length < LEAST_SEARCH_CHARS
        ? []
        : must(api.GET('/api/v1/conference/people', { params: { query: { q: words } }, signal })),
    placeholderData: keepPreviousData,
  });

/** What the owner set of a room, to send back with a change. */
export function fieldsOf(room: Room): Schema<'RoomFields'> {
  const { name, description, protection, lobby, waiting_text, permissions, booking, invitees } =
    room;
  return {
    name,
    ...(description !== undefined && { description }),
    protection,
    lobby: lobby ?? null,
    ...(waiting_text !== undefined && { waiting_text }),
    permissions: permissions ?? null,
    booking: booking ?? null,
    invitees: invitees ?? [],
  };
}

/** Whether this role runs meetings. */
export const runsIt = (role: Schema<'MeetingRole'>) => role === 'host' || role === 'cohost';
