import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import type { Word } from '../../../app/device-words.ts';
import { icons } from '../../../ui/icon.tsx';
import type { Kind } from './queries.ts';

type Safeguards = Schema<'Safeguards'>;
type Lobby = Schema<'LobbyFor'>;
type Role = Schema<'MeetingRole'>;

export const ALLOWED = ['moderators', 'presenters', 'participants', 'everybody'] as const;
export const RIGHTS = ['unmute', 'camera', 'share', 'chat', 'private_chat', 'roster'] as const;
export type Right = (typeof RIGHTS)[number];
export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;

export function kindIcon(kind: Kind): string {
  switch (kind) {
    case 'personal':
      return icons.iconMeetingRoom;
    case 'meeting':
      return icons.iconGroups;
    case 'lecture':
      return icons.iconCoPresent;
  }
}

export function kindHint(kind: Kind): string {
  switch (kind) {
    case 'personal':
      return t`Ein Raum, den Sie öffnen, wann Sie wollen. Jedes Öffnen hat eine eigene Raumnummer und PIN.`;
    case 'meeting':
      return t`Alle sehen und hören einander und dürfen sprechen.`;
    case 'lecture':
      return t`Wenige tragen vor, viele hören zu. Wer etwas sagen möchte, hebt die Hand.`;
  }
}

/** What safeguards mean for those who take part, a sentence each. */
export function safeguardSentences(safeguards: Safeguards): string[] {
  const { lobby, encryption, guests, keep_chat_days: days } = safeguards;
  return [
    lobbySentence(lobby),
    encryption === 'end_to_end'
      ? t`Bild, Ton und Chat sind von Gerät zu Gerät verschlüsselt; der Schlüssel steht nur in dem Link, den Sie weitergeben.`
      : t`Bild und Ton sind auf dem Weg zum Server verschlüsselt.`,
    ...(guests ? [] : [t`Gäste ohne Konto können nicht teilnehmen.`]),
    days > 0 ? t`Der Chat wird nach ${days} Tagen gelöscht.` : t`Der Chat wird am Ende gelöscht.`,
  ];
}

function lobbySentence(lobby: Lobby): string {
  switch (lobby) {
    case 'nobody':
      return t`Niemand wartet im Warteraum.`;
    case 'guests':
      return t`Gäste warten im Warteraum, bis jemand sie einlässt.`;
    case 'uninvited':
      return t`Wer nicht namentlich eingeladen ist, wartet im Warteraum.`;
    case 'everybody':
      return t`Alle warten im Warteraum, bis jemand sie einlässt.`;
  }
}

export function roleName(role: Role): string {
  switch (role) {
    case 'host':
      return t`Gastgeber/in`;
    case 'cohost':
      return t`Moderation`;
    case 'presenter':
      return t`trägt vor`;
    case 'participant':
      return t`nimmt teil`;
    case 'guest':
      return t`Gast`;
    case 'listener':
      return t`hört zu`;
  }
}

/** What an invited one is called; the addresses of guests are not told to everybody. */
export const inviteeName = ({ name }: { name: string }) => name || t`Gast ohne Namen`;

/** What an invited person of the house, or somebody from elsewhere, may be. */
export function rolesFor(outside: boolean): Role[] {
  return outside ? ['guest', 'listener'] : ['cohost', 'presenter', 'participant', 'listener'];
}

export function weekdayName(day: Schema<'Weekday'>): string {
  switch (day) {
    case 'monday':
      return t`Montag`;
    case 'tuesday':
      return t`Dienstag`;
    case 'wednesday':
      return t`Mittwoch`;
    case 'thursday':
      return t`Donnerstag`;
    case 'friday':
      return t`Freitag`;
    case 'saturday':
      return t`Samstag`;
    case 'sunday':
      return t`Sonntag`;
  }
}

/** How far an invitation by mail has come. */
export function mailWord(state: Schema<'MailState'>): Word | null {
  switch (state) {
    case 'none':
      return null;
    case 'waiting':
      return { label: t`E-Mail ist unterwegs`, tone: 'info', icon: icons.iconHourglassTop };
    case 'sent':
      return { label: t`E-Mail ist verschickt`, tone: 'success' };
    case 'failed':
      return { label: t`E-Mail kam nicht an`, tone: 'danger' };
  }
}

/** What somebody may in a meeting, as the question about it. */
export function rightName(right: Right): string {
  switch (right) {
    case 'unmute':
      return t`Wer darf sprechen?`;
    case 'camera':
      return t`Wer darf die Kamera einschalten?`;
    case 'share':
      return t`Wer darf den Bildschirm zeigen?`;
    case 'chat':
      return t`Wer darf in den Chat schreiben?`;
    case 'private_chat':
      return t`Wer darf Einzelnen schreiben?`;
    case 'roster':
      return t`Wer sieht, wer dabei ist?`;
  }
}

/** To whom something is allowed. */
export function allowedName(allowed: Schema<'Allowed'>): string {
  switch (allowed) {
    case 'moderators':
      return t`nur wer leitet`;
    case 'presenters':
      return t`wer leitet oder vorträgt`;
    case 'participants':
      return t`alle außer Zuhörenden`;
    case 'everybody':
      return t`alle, auch Zuhörende`;
  }
}
