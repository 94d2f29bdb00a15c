import { t } from '@lingui/core/macro';
import type { End } from './connection.ts';

export type OutcomeText = {
  title: string;
  next: string;
  tone: 'info' | 'warning' | 'danger';
  /** Opening it again may help. */
  again: boolean;
};

/** Ends after which the desktop is opened again without asking. */
const PASSING = new Set(['', 'line_lost', 'shutdown', 'redirected', 'ticket_invalid']);

/** How a desktop is missing that is being started again. */
const AWAY = new Set(['target_unreachable', 'tls_failed', 'negotiation_failed']);

/** What broke: the way to the desktop, or the desktop itself. */
export type Break = 'line' | 'desktop';

/**
 * Whether this may pass by itself. A desktop that ends takes its leave; one that falls silent has
 * crashed, or restarts. `again` says that it was there a moment ago, so that it is worth waiting for.
 */
export function breakOf(end: End, again: boolean): Break | null {
  if (end.logonFailed) return null;
  const { code, word } = end.close;
  if (word === 'desktop_ended') return end.goodbye === null ? 'desktop' : null;
  if (code !== 1000 && PASSING.has(word)) return 'line';
  return again && AWAY.has(word) ? 'desktop' : null;
}

/** Why the desktop is not there, and what to do. */
export function outcomeText({ close, logonFailed, goodbye }: End): OutcomeText {
  if (logonFailed) {
    return {
      title: t`Der Arbeitsplatz hat Name oder Passwort nicht angenommen.`,
      next: t`Geben Sie beides noch einmal ein. Es sind die Zugangsdaten Ihres Windows-Kontos.`,
      tone: 'danger',
      again: true,
    };
  }
  switch (close.word) {
    case 'desktop_ended':
      return goodbyeText(goodbye ?? '');
    case 'browser_ended':
      return {
        title: t`Sie haben die Verbindung beendet.`,
        next: t`Ihre Programme laufen am Arbeitsplatz weiter, bis Sie sich dort abmelden.`,
        tone: 'info',
        again: true,
      };
    case 'not_allowed':
      return {
        title: t`Die Regeln Ihrer Behörde erlauben diesen Arbeitsplatz jetzt nicht.`,
        next: t`Vielleicht ist die erlaubte Zeit vorbei, oder dieses Gerät ist dafür nicht vorgesehen. Brauchen Sie den Zugang, wenden Sie sich an Ihre IT-Stelle.`,
        tone: 'warning',
        again: true,
      };
    case 'session_ended':
      return {
        title: t`Ihre Anmeldung ist abgelaufen oder wurde beendet.`,
        next: t`Melden Sie sich erneut an. Ihre Programme laufen am Arbeitsplatz weiter.`,
        tone: 'warning',
        again: true,
      };
    case 'device_revoked':
      return {
        title: t`Dieses Gerät wurde gesperrt.`,
        next: t`Wenden Sie sich an Ihre Leitstelle. Auf einem anderen freigegebenen Gerät können Sie weiterarbeiten.`,
        tone: 'danger',
        again: false,
      };
    case 'person_disabled':
      return {
        title: t`Ihr Konto ist nicht mehr aktiv.`,
        next: t`Wenden Sie sich an Ihre IT-Stelle.`,
        tone: 'danger',
        again: false,
      };
    case 'ended_by_administrator':
      return {
        title: t`Die Verwaltung hat diese Verbindung getrennt.`,
        next: t`Fragen Sie bei Ihrer IT-Stelle nach dem Grund, bevor Sie neu verbinden.`,
        tone: 'warning',
        again: true,
      };
    case 'target_changed':
    case 'expired':
      return {
        title: t`Die Verbindung wurde getrennt, weil sich die Einstellungen dieses Arbeitsplatzes geändert haben.`,
        next: t`Verbinden Sie neu.`,
        tone: 'info',
        again: true,
      };
    case 'too_many_connections':
      return {
        title: t`Sie haben schon sehr viele Verbindungen offen.`,
        next: t`Schließen Sie eine davon und versuchen Sie es noch einmal.`,
        tone: 'warning',
        again: true,
      };
    case 'target_unreachable':
    case 'name_unresolved':
    case 'address_refused':
      return {
        title: t`Der Arbeitsplatz antwortet nicht.`,
        next: t`Meist ist der Rechner ausgeschaltet oder startet gerade neu. Versuchen Sie es in einigen Minuten wieder; bleibt es dabei, nennen Sie Ihrer IT-Stelle seinen Namen.`,
        tone: 'warning',
        again: true,
      };
    case 'certificate_changed':
      return {
        title: t`Der Arbeitsplatz weist sich anders aus als bisher.`,
        next: t`Aus Sicherheit wurde die Verbindung nicht aufgebaut. Sagen Sie Ihrer IT-Stelle Bescheid: Sie prüft das neue Zertifikat und gibt es frei.`,
        tone: 'danger',
        again: true,
      };
    case 'tls_failed':
    case 'standard_security':
    case 'nla_demanded':
    case 'nla_missing':
    case 'negotiation_failed':
      return {
        title: t`Mit diesem Arbeitsplatz kommt keine sichere Verbindung zustande.`,
        next: t`Das kann nur Ihre IT-Stelle beheben: Die Sicherheitseinstellungen des Rechners passen nicht zu denen des Ziels (${close.word}).`,
        tone: 'danger',
        again: true,
      };
    case 'redirection_refused':
      return {
        title: t`Der Arbeitsplatz verweist auf einen Rechner, der nicht freigegeben ist.`,
        next: t`Nennen Sie Ihrer IT-Stelle den Namen dieses Arbeitsplatzes; sie muss den anderen Rechner als Ziel eintragen.`,
        tone: 'danger',
        again: true,
      };
    default:
      return {
        title: t`Die Verbindung zum Arbeitsplatz ist abgebrochen.`,
        next: t`Ihre Programme laufen dort weiter. Verbinden Sie neu.`,
        tone: 'warning',
        again: true,
      };
  }
}

/** Windows says why it ends a connection ([MS-RDPBCGR] 2.2.5.1.1); these are the package's words for it. */
function goodbyeText(goodbye: string): OutcomeText {
  if (/another user connected/i.test(goodbye)) {
    return {
      title: t`Der Arbeitsplatz wurde an einem anderen Ort geöffnet.`,
      next: t`Ihre Programme laufen dort weiter. Waren Sie das nicht selbst, sagen Sie sofort Ihrer IT-Stelle Bescheid.`,
      tone: 'warning',
      again: true,
    };
  }
  if (/administrative tool/i.test(goodbye)) {
    return {
      title: t`Die Verbindung wurde am Arbeitsplatz von der Verwaltung getrennt.`,
      next: t`Fragen Sie bei Ihrer IT-Stelle nach dem Grund, bevor Sie neu verbinden.`,
      tone: 'warning',
      again: true,
    };
  }
  if (/limit timer/i.test(goodbye)) {
    return {
      title: t`Der Arbeitsplatz hat die Verbindung getrennt, weil seine Zeitgrenze erreicht ist.`,
      next: t`Verbinden Sie neu. Geschieht es oft, sagen Sie Ihrer IT-Stelle Bescheid.`,
      tone: 'info',
      again: true,
    };
  }
  if (/logging off/i.test(goodbye)) {
    return {
      title: t`Sie haben sich am Arbeitsplatz abgemeldet.`,
      next: t`Ihre Programme dort sind geschlossen.`,
      tone: 'info',
      again: true,
    };
  }
  return {
    title: t`Der Arbeitsplatz hat die Verbindung beendet.`,
    next: t`Entweder haben Sie sich dort abgemeldet, oder er wurde an einem anderen Ort geöffnet. Waren Sie das nicht selbst, sagen Sie Ihrer IT-Stelle Bescheid.`,
    tone: 'info',
    again: true,
  };
}
