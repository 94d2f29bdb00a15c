import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';

/** A data category's name and from when its period counts. */
export function categoryWords(category: Schema<'DataCategory'>): { name: string; hint: string } {
  switch (category) {
    case 'account':
      return {
        name: t`Konten`,
        hint: t`Name, Gruppen und Sprache, nachdem die Person entfernt wurde.`,
      };
    case 'device':
      return { name: t`Geräte`, hint: t`Nachdem das Gerät endgültig gesperrt wurde.` };
    case 'line':
      return {
        name: t`Leitungen`,
        hint: t`Wie gut die Leitung eines Sticks war, nach der Messung. Es sagt etwas über den Wohnort.`,
      };
    case 'session':
      return { name: t`Sitzungen`, hint: t`Nachdem die Sitzung geendet hat.` };
    case 'audit':
      return { name: t`Prüfprotokoll`, hint: t`Nach dem Eintrag. Die Kette bleibt prüfbar.` };
    case 'audit_pseudonym':
      return {
        name: t`Pseudonyme`,
        hint: t`Wie lange sich ein Pseudonym des Protokolls einer Person zuordnen lässt.`,
      };
    case 'meeting':
      return {
        name: t`Besprechungen`,
        hint: t`Wann sie waren und wer eingeladen war, nachdem sie vorbei sind.`,
      };
    case 'chat':
      return {
        name: t`Chat`,
        hint: t`Was in Besprechungen geschrieben wurde. Die Schutzklasse kann weniger erlauben.`,
      };
    case 'letter':
      return {
        name: t`Einladungen`,
        hint: t`An welche Adresse eine Einladung ging, nachdem sie versandt ist.`,
      };
    case 'operation':
      return {
        name: t`Betrieb`,
        hint: t`Zustand der Ziele und Importe. Danach lassen sie sich nicht zurücknehmen.`,
      };
    case 'deletion_journal':
      return {
        name: t`Löschverzeichnis`,
        hint: t`Damit eine alte Sicherung nichts Gelöschtes zurückbringt. Nur Kennungen und Zeiten.`,
      };
    default:
      return { name: category, hint: '' };
  }
}
