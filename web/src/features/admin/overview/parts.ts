import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import { icons } from '../../../ui/icon.tsx';
import type { Tone } from '../../../ui/notice.tsx';
import { directoryFault } from '../directory/words.ts';
import { day } from '../format.ts';

type Part = Schema<'Part'>;
type State = Schema<'PartState'>;

export type PartWords = {
  name: string;
  /** How it fares. */
  what: string;
  /** What to do; empty while all is well. */
  next: string;
  to?:
    | '/verwaltung/verzeichnis'
    | '/verwaltung/ziele'
    | '/verwaltung/protokoll'
    | '/verwaltung/sticks';
};

/** How a state is shown. */
export function partTone(state: State): { tone: Tone; icon: string; label: string } {
  switch (state) {
    case 'ok':
      return { tone: 'success', icon: icons.iconCheckCircle, label: t`In Ordnung` };
    case 'warning':
      return { tone: 'warning', icon: icons.iconWarning, label: t`Bitte ansehen` };
    case 'failed':
      return { tone: 'danger', icon: icons.iconError, label: t`Gestört` };
    case 'off':
      return { tone: 'neutral', icon: icons.iconStopCircle, label: t`Nicht eingerichtet` };
  }
}

/** The worst first: what needs somebody stands on top. */
export function byUrgency(parts: readonly Part[]): Part[] {
  const order: Record<State, number> = { failed: 0, warning: 1, off: 2, ok: 3 };
  return parts.toSorted((a, b) => order[a.state] - order[b.state]);
}

/** A part of the installation in words: how it fares and what to do. */
export function partWords({ part, state, code, params = {} }: Part): PartWords {
  const words = known[part];
  if (!words) return { name: part, what: partTone(state).label, next: '' };
  return words(state, code, params);
}

type Params = Readonly<Record<string, string>>;

const known: Record<string, (state: State, code: string, params: Params) => PartWords> = {
  database: (state) => ({
    name: t`Datenbank`,
    what:
      state === 'ok'
        ? t`Liest und schreibt.`
        : state === 'warning'
          ? t`Arbeitet, ist aber auffällig langsam oder groß.`
          : t`Lässt sich nicht lesen oder schreiben.`,
    next:
      state === 'ok'
        ? ''
        : t`Sehen Sie auf dem Server mit „fernamt check“ nach, und prüfen Sie den freien Speicherplatz.`,
  }),
  directory: (state, _code, { name = '', fault = '', ...params }) => ({
    name: t`Verzeichnis`,
    what:
      state === 'ok'
        ? t`Personen und Gruppen sind abgeglichen.`
        : state === 'off'
          ? t`Es ist kein Verzeichnis verbunden. Alle Konten werden hier geführt.`
          : state === 'warning'
            ? t`Der letzte Abgleich ist länger her, als er sollte.`
            : `${t`Der letzte Abgleich mit „${name}“ ist fehlgeschlagen.`} ${directoryFault(fault, params).what}`,
    next:
      state === 'ok' || state === 'off'
        ? ''
        : state === 'failed'
          ? `${directoryFault(fault, params).next} ${t`Bis dahin gelten die zuletzt bekannten Gruppen.`}`
          : t`Öffnen Sie das Verzeichnis und testen Sie die Verbindung. Bis dahin gelten die zuletzt bekannten Gruppen.`,
    to: '/verwaltung/verzeichnis',
  }),
  backup: (state, code, { hours = '' }) => ({
    name: t`Sicherung`,
    what:
      state === 'ok'
        ? t`Die letzte Sicherung ist vollständig und keinen Tag alt.`
        : state === 'off'
          ? t`Die tägliche Sicherung ist ausgeschaltet.`
          : code === 'backup_missing'
            ? t`Es gibt noch keine Sicherung.`
            : t`Die letzte Sicherung ist ${hours} Stunden alt.`,
    next:
      state === 'ok'
        ? ''
        : t`Prüfen Sie den Abschnitt [backup] der Konfiguration und den freien Speicherplatz, dann starten Sie „fernamt backup“.`,
  }),
  targets: (state, code, { down = '', wrong = '', seen = '' }) => ({
    name: t`Ziele`,
    what:
      state === 'ok'
        ? t`Alle Ziele antworten mit dem erwarteten Zertifikat.`
        : state === 'off'
          ? t`Es ist noch kein Ziel eingetragen.`
          : code === 'certificate_changed'
            ? t`Ein anderes Zertifikat als erwartet zeigen: ${wrong} von ${seen}. Nicht erreichbar: ${down}.`
            : t`Nicht erreichbar: ${down} von ${seen}.`,
    next:
      state === 'ok'
        ? ''
        : state === 'off'
          ? t`Tragen Sie das erste Ziel ein, oder spielen Sie eine Tabelle ein.`
          : code === 'certificate_changed'
            ? t`Sehen Sie nach, welche es sind. Ein unerwartet anderes Zertifikat kann ein Angriff sein.`
            : t`Sehen Sie nach, welche es sind. Meist sind die Rechner ausgeschaltet.`,
    to: '/verwaltung/ziele',
  }),
  certificate: (state, code, { until = '' }) => ({
    name: t`Zertifikat des Servers`,
    what: certificateText(state, code, until),
    next:
      state === 'ok' || state === 'off'
        ? ''
        : t`Legen Sie ein neues Zertifikat an die Stelle, die in der Konfiguration unter „tls“ steht.`,
  }),
  disk: (state) => ({
    name: t`Speicherplatz`,
    what:
      state === 'ok'
        ? t`Es ist genug frei.`
        : state === 'warning'
          ? t`Der Platz wird knapp.`
          : t`Es ist fast nichts mehr frei. Bald kann nichts mehr gespeichert werden.`,
    next:
      state === 'ok' ? '' : t`Schaffen Sie Platz, oder vergrößern Sie das Laufwerk mit den Daten.`,
  }),
  ssh: (state) => ({
    name: t`SSH-Zugang`,
    what:
      state === 'ok'
        ? t`Nimmt Verbindungen an.`
        : state === 'off'
          ? t`Ist nicht eingeschaltet.`
          : t`Nimmt keine Verbindungen an.`,
    next:
      state === 'ok' || state === 'off'
        ? ''
        : t`Prüfen Sie, ob der Port aus dem Abschnitt [ssh] frei ist, und starten Sie Fernamt neu.`,
  }),
  sticks: (state, code, { sticks = '', copied = '' }) => ({
    name: t`Sticks`,
    what:
      state === 'ok'
        ? t`Ausgegeben und in Gebrauch: ${sticks}.`
        : state === 'off'
          ? t`Es gibt noch keinen.`
          : code === 'stick_copied'
            ? t`Abgewiesene Kopien: ${copied}. Original und Kopie sind gesperrt.`
            : code === 'programs_missing'
              ? t`Auf dem Server fehlen die Programme für neue Sticks.`
              : t`Der SSH-Zugang ist ausgeschaltet. Ohne ihn kommt kein Stick herein.`,
    next:
      state === 'ok' || state === 'off'
        ? ''
        : code === 'stick_copied'
          ? t`Fragen Sie die Personen, und erzeugen Sie einen neuen Aktivierungscode, oder melden Sie den Stick als verloren.`
          : t`Öffnen Sie die Sticks: Dort steht, was fehlt und wohin es gehört.`,
    to: '/verwaltung/sticks',
  }),
  audit: (state) => ({
    name: t`Prüfprotokoll`,
    what:
      state === 'ok'
        ? t`Die Kette ist unversehrt.`
        : state === 'warning'
          ? t`Die Kette wurde länger nicht geprüft.`
          : t`Die Kette ist beschädigt: Jemand oder etwas hat Einträge verändert.`,
    next:
      state === 'ok'
        ? ''
        : state === 'warning'
          ? t`Prüfen Sie die Kette.`
          : t`Sichern Sie die Datenbank, ändern Sie nichts und ziehen Sie die Datenschutzstelle hinzu.`,
    to: '/verwaltung/protokoll',
  }),
};

function certificateText(state: State, code: string, until: string): string {
  const last = until && day(until);
  if (state === 'ok') return last ? t`Gültig bis ${last}.` : t`Gültig.`;
  switch (code) {
    case 'certificate_self_made':
      return t`Selbst ausgestellt: Browser warnen davor.`;
    case 'certificate_expires':
      return last ? t`Läuft am ${last} ab.` : t`Läuft bald ab.`;
    case 'certificate_expired':
      return t`Abgelaufen. Niemand kann sich sicher anmelden.`;
    case 'certificate_unreadable':
      return t`Nicht lesbar.`;
    default:
      return t`Der Server spricht ohne TLS. Das ist nur für Versuche auf diesem Rechner gedacht.`;
  }
}
