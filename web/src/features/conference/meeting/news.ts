import { t } from '@lingui/core/macro';
import { isLecture, type MeetingModel } from './model.ts';
import type { Message } from './wire.ts';
import { shownName } from './words.ts';

/** In larger meetings nobody wants to hear of each who comes and goes. */
const MAX_FOR_COMINGS = 15;

/** What a reader hears of a message; nothing where the page itself says it. */
export function newsOf(message: Message, before: MeetingModel, after: MeetingModel): string | null {
  switch (message.message) {
    case 'roster':
      return isLecture(after) || after.roster.size > MAX_FOR_COMINGS
        ? null
        : comings(before, after);
    case 'hands': {
      const known = new Set(before.hands.map(({ seat }) => seat));
      const raised = after.hands.find(({ seat }) => !known.has(seat) && seat !== after.own?.id);
      return raised ? t`${shownName(raised)} hebt die Hand.` : null;
    }
    case 'chat':
      return message.edited_at ||
        message.seat === after.own?.id ||
        before.chat.some(({ id }) => id === message.id)
        ? null
        : after.chat.find(({ id }) => id === message.id)?.sealed
          ? t`Nachricht von ${shownName(message)}, die Sie ohne den Schlüssel nicht lesen können.`
          : t`Nachricht von ${shownName(message)}: ${message.text}`;
    case 'lobby': {
      const known = new Set(before.lobby.map(({ seat }) => seat));
      const waits = after.lobby.find(({ seat }) => !known.has(seat));
      return waits ? t`${shownName(waits)} wartet im Warteraum.` : null;
    }
    case 'rules':
      return before.rules.locked === after.rules.locked ? null : lockText(after);
    default:
      return null;
  }
}

function lockText(meeting: MeetingModel): string {
  if (isLecture(meeting)) {
    return meeting.rules.locked
      ? t`Der Vortrag ist jetzt geschlossen.`
      : t`Der Vortrag ist wieder offen.`;
  }
  return meeting.rules.locked
    ? t`Die Besprechung ist jetzt geschlossen.`
    : t`Die Besprechung ist wieder offen.`;
}

function comings(before: MeetingModel, after: MeetingModel): string | null {
  const said: string[] = [];
  for (const { id, away, ...seat } of after.roster.values()) {
    if (id === after.own?.id) continue;
    const name = shownName(seat);
    const known = before.roster.get(id);
    if (!known) said.push(t`${name} ist da.`);
    else if (away && !known.away) said.push(t`Die Verbindung zu ${name} ist unterbrochen.`);
    else if (!away && known.away) said.push(t`${name} ist wieder da.`);
  }
  for (const { id, ...seat } of before.roster.values()) {
    const name = shownName(seat);
    if (!after.roster.has(id)) said.push(t`${name} ist gegangen.`);
  }
  return said.join(' ') || null;
}

/** What somebody who runs the meeting did to oneself, in words. */
export function moderationText(what: string, mayUnmute: boolean): [string, string] | null {
  switch (what) {
    case 'muted':
      return [
        t`Die Moderation hat Ihr Mikrofon ausgeschaltet.`,
        mayUnmute
          ? t`Sie können es wieder einschalten, wenn Sie etwas sagen möchten.`
          : t`Heben Sie die Hand, wenn Sie etwas sagen möchten.`,
      ];
    case 'video_stopped':
      return [t`Die Moderation hat Ihre Kamera ausgeschaltet.`, t`Niemand sieht Sie mehr.`];
    case 'share_stopped':
      return [
        t`Die Moderation hat die Übertragung Ihres Bildschirms beendet.`,
        t`Niemand sieht ihn mehr.`,
      ];
    case 'hand_lowered':
      return [t`Die Moderation hat Ihre Hand gesenkt.`, t`Sie können sie wieder heben.`];
    case 'on_stage':
      return [
        t`Sie sind jetzt auf der Bühne.`,
        t`Schalten Sie Mikrofon oder Kamera ein, dann hören und sehen Sie alle.`,
      ];
    case 'off_stage':
      return [t`Sie hören jetzt wieder zu.`, t`Kamera und Mikrofon sind aus.`];
    default:
      return null;
  }
}
