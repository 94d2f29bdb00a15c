import { t } from '@lingui/core/macro';
import { formatLocale } from '../../../i18n/index.ts';
import { icons } from '../../../ui/icon.tsx';
import { type Address, type Mailbox, type MailboxRole, MailFault } from '../model.ts';
import { fullName } from './addresses.ts';
import { isolated, tamed } from './bidi.ts';
import type { LinkDoubt } from './html/links.ts';

/** A folder's name, in the page's language where it has a role. Draw it within `bdi`: people chose it. */
export function folderName({ role, name }: Pick<Mailbox, 'role' | 'name'>): string {
  switch (role) {
    case 'inbox':
      return t`Posteingang`;
    case 'drafts':
      return t`Entwürfe`;
    case 'sent':
      return t`Gesendet`;
    case 'archive':
      return t`Archiv`;
    case 'junk':
      return t`Spam`;
    case 'trash':
      return t`Papierkorb`;
    case 'other':
      return tamed(name);
  }
}

export function folderIcon(role: MailboxRole): string {
  switch (role) {
    case 'inbox':
      return icons.iconInbox;
    case 'drafts':
      return icons.iconDraft;
    case 'sent':
      return icons.iconSend;
    case 'archive':
      return icons.iconArchive;
    case 'junk':
      return icons.iconReport;
    case 'trash':
      return icons.iconDelete;
    case 'other':
      return icons.iconFolder;
  }
}

/** Names and addresses in a row. */
export const namesOf = (list: readonly Address[]): string =>
  list.map((one) => isolated(fullName(one))).join(', ');

/** Whom a message is from, and who wrote it in their stead. */
export function writtenBy({ sender, from }: { sender?: Address[]; from: Address[] }): string {
  const [who] = sender ?? [];
  const whom = namesOf(from);
  const own = who?.email.toLowerCase();
  if (!who || from.length === 0 || from.some(({ email }) => email.toLowerCase() === own))
    return whom;
  return t`${namesOf([who])} im Auftrag von ${whom}`;
}

/** What happened, and what to do now. */
export function faultText(fault: unknown): { what: string; next: string } {
  if (!(fault instanceof MailFault)) {
    return {
      what: t`Das hat nicht geklappt.`,
      next: t`Versuchen Sie es noch einmal. Bleibt es dabei, hilft Ihre IT-Stelle weiter.`,
    };
  }
  switch (fault.kind) {
    case 'offline':
      return {
        what: t`Das liegt noch nicht auf diesem Gerät.`,
        next: t`Sobald die Verbindung wieder steht, wird es geladen.`,
      };
    case 'elsewhere':
      return {
        what: t`Dieser Entwurf wurde inzwischen woanders gesendet oder geändert.`,
        next: t`Sehen Sie bei den Entwürfen und unter „Gesendet“ nach.`,
      };
    case 'name_taken':
      return {
        what: t`Dieser Name geht nicht.`,
        next: t`Vermutlich gibt es dort schon einen Ordner, der so heißt. Wählen Sie einen anderen Namen.`,
      };
    case 'not_found':
      return {
        what: t`Diese Nachricht gibt es nicht mehr.`,
        next: t`Sie wurde auf einem anderen Gerät oder von einer anderen Person gelöscht.`,
      };
    case 'too_large':
      return {
        what: t`Das ist zu groß.`,
        next: t`Entfernen Sie Anhänge oder teilen Sie die Nachricht auf.`,
      };
    case 'malware':
      return {
        what: t`In dieser Datei steckt Schadsoftware. Sie bleibt zu.`,
        next: t`Antworten Sie nicht darauf und melden Sie die Nachricht Ihrer IT-Stelle.`,
      };
    case 'not_scanned':
      return {
        what: t`Die Datei ist zu groß, um auf Schadsoftware geprüft zu werden. Sie bleibt zu.`,
        next: t`Bitten Sie um eine kleinere, oder fragen Sie Ihre IT-Stelle.`,
      };
    case 'unscanned':
      return {
        what: t`Der Virenscanner ist gerade nicht zu erreichen. Ungeprüft wird nichts gezeigt.`,
        next: t`Versuchen Sie es später noch einmal.`,
      };
    case 'queue_full':
      return {
        what: t`Es warten schon zu viele Änderungen auf die Verbindung.`,
        next: t`Verbinden Sie das Gerät mit dem Internet; danach geht es weiter.`,
      };
    case 'busy':
    case 'spent':
      return {
        what: t`Der Server holt für Sie gerade keine weiteren Bilder.`,
        next: t`Versuchen Sie es später noch einmal.`,
      };
    case 'excluded':
    case 'refused':
      return {
        what: t`Der Mailserver hat das abgelehnt.`,
        next: t`Vermutlich fehlt Ihnen das Recht dazu. Fragen Sie, wem das Postfach gehört.`,
      };
    case 'forbidden':
      return {
        what: t`Das dürfen Sie in diesem Postfach nicht.`,
        next: t`Bitten Sie die Person, der es gehört, um das Recht dazu.`,
      };
    case 'closed':
      return {
        what: t`Dieses Postfach ist für Sie nicht mehr geöffnet.`,
        next: t`Fragen Sie die Person, der es gehört, oder Ihre IT-Stelle.`,
      };
    case 'signed_out':
      return {
        what: t`Ihre Anmeldung ist abgelaufen.`,
        next: t`Melden Sie sich neu an. Was Sie geschrieben haben, bleibt auf diesem Gerät.`,
      };
    case 'locked':
      return {
        what: t`Der Container ist gesperrt.`,
        next: t`Entsperren Sie ihn, um weiterzulesen.`,
      };
  }
}

/** Why a link is marked, a sentence. */
export function doubtSentence(doubt: LinkDoubt, host: string, shown: string): string {
  switch (doubt) {
    case 'other_host':
      return t`„${shown}“ führt in Wahrheit zu ${host}.`;
    case 'look_alike':
      return t`${host} enthält Zeichen, die anderen zum Verwechseln ähnlich sehen.`;
    case 'number':
      return t`Ein Link führt zu ${host}, einer Nummer statt eines Namens.`;
    case 'user_part':
      return t`Ein Link sieht nach einer anderen Adresse aus und führt zu ${host}.`;
  }
}

const DAY_MS = 86_400_000;
const WEEK_DAYS = 6;

/** A moment as short as a list wants it: the time today, the weekday this week, else the day. */
export function listDate(ms: number, now = Date.now()): string {
  const date = new Date(ms);
  const written = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(formatLocale(), options).format(date);
  if (date.toDateString() === new Date(now).toDateString()) {
    return written({ hour: '2-digit', minute: '2-digit' });
  }
  if (ms < now && now - ms < WEEK_DAYS * DAY_MS) return written({ weekday: 'long' });
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return written(
    sameYear
      ? { day: 'numeric', month: 'short' }
      : { day: '2-digit', month: '2-digit', year: 'numeric' },
  );
}

/** A moment with its day, for those who read. */
export function fullDate(ms: number): string {
  return new Intl.DateTimeFormat(formatLocale(), {
    weekday: 'short',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(ms));
}

/** The time of a day. */
export function timeOf(ms: number): string {
  return new Intl.DateTimeFormat(formatLocale(), { hour: '2-digit', minute: '2-digit' }).format(
    new Date(ms),
  );
}

const KB = 1_000;

/** "12 kB", "3,4 MB". */
export function sizeText(bytes: number): string {
  const mega = bytes >= KB * KB;
  const value = mega ? bytes / KB / KB : Math.max(1, Math.round(bytes / KB));
  return new Intl.NumberFormat(formatLocale(), {
    style: 'unit',
    unit: mega ? 'megabyte' : 'kilobyte',
    maximumFractionDigits: 1,
  }).format(bytes === 0 ? 0 : value);
}
