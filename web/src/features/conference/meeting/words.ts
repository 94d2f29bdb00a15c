import { t } from '@lingui/core/macro';
import { unseenIn } from '../../../api/unseen.ts';
import { KeyMissing } from './sealed.ts';
import { ActLost, ActRefused } from './socket.ts';
import type { Reaction, Role } from './wire.ts';

/** A reaction as a picture and as a word. */
export const reactions: readonly Reaction[] = [
  'thumbs_up',
  'thumbs_down',
  'clap',
  'heart',
  'laugh',
  'surprise',
  'celebrate',
  'check',
];

export const reactionSigns: Readonly<Record<Reaction, string>> = {
  thumbs_up: '👍',
  thumbs_down: '👎',
  clap: '👏',
  heart: '❤️',
  laugh: '😄',
  surprise: '😮',
  celebrate: '🎉',
  check: '✅',
};

export function reactionName(reaction: Reaction): string {
  const names: Record<Reaction, string> = {
    thumbs_up: t`Daumen hoch`,
    thumbs_down: t`Daumen runter`,
    clap: t`Applaus`,
    heart: t`Herz`,
    laugh: t`Lachen`,
    surprise: t`Überraschung`,
    celebrate: t`Feiern`,
    check: t`Erledigt`,
  };
  return names[reaction];
}

/** A name, marked where nobody vouches for it: guests choose theirs. */
export function shownName({ name, guest }: { name: string; guest?: boolean | undefined }): string {
  return guest ? t`${name} (Gast)` : name;
}

/** For those whose name nobody vouches for. */
export const guestMark = (): string => t`Gast`;

/** What somebody is in the meeting; nothing for those who simply take part. */
export function roleName(role: Role): string | null {
  const names: Record<Role, string | null> = {
    host: t`Gastgeber/in`,
    cohost: t`Moderation`,
    presenter: t`Vortrag`,
    participant: null,
    guest: t`Gast`,
    listener: t`Hört zu`,
  };
  return names[role];
}

/** Why something did not happen, and what to do now. */
export function refusalText(error: unknown, written = ''): [string, string] {
  if (error instanceof ActLost) {
    return [
      t`Das ist nicht angekommen: Die Verbindung ist unterbrochen.`,
      t`Versuchen Sie es noch einmal, sobald sie wieder da ist.`,
    ];
  }
  if (error instanceof KeyMissing) {
    return [
      t`Das ging nicht hinaus: Ihnen fehlt der Schlüssel dieser Besprechung.`,
      t`Er steht im vollständigen Link. Fügen Sie ihn oben ein.`,
    ];
  }
  const why = error instanceof ActRefused ? error.why : 'failed';
  switch (why) {
    case 'not_allowed':
      return [
        t`Das darf hier nur die Moderation.`,
        t`Wenden Sie sich an sie, zum Beispiel im Chat.`,
      ];
    case 'switched_off':
      return [
        t`Das ist in dieser Besprechung gerade ausgeschaltet.`,
        t`Die Moderation kann es wieder erlauben.`,
      ];
    case 'unknown':
      return [
        t`Das gibt es nicht mehr.`,
        t`Vielleicht ist die Person gegangen oder die Nachricht gelöscht.`,
      ];
    case 'bad_text':
      return [
        t`Dieser Text lässt sich so nicht senden.`,
        hiddenIn(written) ?? t`Kürzen Sie ihn und lassen Sie ungewöhnliche Zeichen weg.`,
      ];
    case 'too_fast':
      return [t`Das war zu viel auf einmal.`, t`Warten Sie einen Augenblick.`];
    case 'full':
      return [t`Mehr davon ist nicht möglich.`, t`Sobald etwas frei wird, geht es wieder.`];
    case 'not_seated':
      return [t`Sie sind noch im Warteraum.`, t`Sobald Sie eingelassen sind, geht es.`];
    case 'failed':
      return [t`Das hat der Server gerade nicht geschafft.`, t`Versuchen Sie es noch einmal.`];
  }
}

/** What the server takes in no text, apart from line breaks and tabs. */
const HIDDEN = /[^\P{Cc}\n\t]|[\u2028-\u2029\u202A-\u202E\u2066-\u2069]/u;

const hiddenIn = (text: string) =>
  unseenIn(text.trim(), (character) => (HIDDEN.test(character) ? 'control_character' : undefined));
