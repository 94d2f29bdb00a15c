import { t } from '@lingui/core/macro';

type Params = Readonly<Record<string, string>>;
export type FaultText = { what: string; next: string };

/** Why a directory could not be read, and what to do. */
export function directoryFault(code: string, params: Params = {}): FaultText {
  const host = params.host ?? '';
  const why = params.why ?? '';
  switch (code) {
    case 'directory_address':
      return {
        what: t`Die Adresse des Servers ist nicht lesbar.`,
        next: t`Sie beginnt mit „ldaps://“ und nennt den Rechner.`,
      };
    case 'directory_certificates':
      return {
        what: t`Die eingetragene Zertifizierungsstelle ist nicht lesbar.`,
        next: t`Fügen Sie ihr Zertifikat als PEM ein.`,
      };
    case 'directory_unreachable':
      return {
        what: host ? t`Der Server ${host} antwortet nicht.` : t`Der Server antwortet nicht.`,
        next: t`Prüfen Sie Adresse und Port, und ob eine Firewall dazwischensteht.`,
      };
    case 'directory_untrusted':
      return {
        what: t`Dem Zertifikat des Servers wird nicht vertraut.`,
        next: t`Tragen Sie unter „Weitere Angaben“ Ihre Zertifizierungsstelle ein, und prüfen Sie den Rechnernamen.`,
      };
    case 'directory_timeout':
      return {
        what: t`Der Server hat nicht rechtzeitig geantwortet.`,
        next: t`Prüfen Sie, ob er überlastet ist, oder grenzen Sie den Zweig ein, in dem gesucht wird.`,
      };
    case 'directory_bind_refused':
      return {
        what: t`Der Server lehnt das Konto zum Suchen ab.`,
        next: t`Prüfen Sie den vollständigen Namen und das Passwort.`,
      };
    case 'directory_base_missing':
      return {
        what: t`Den Zweig, in dem gesucht werden soll, gibt es nicht.`,
        next: t`Prüfen Sie die Schreibweise, etwa DC=stadt,DC=intern.`,
      };
    case 'directory_filter':
      return {
        what: t`Ein Filter ist nicht lesbar.`,
        next: t`Prüfen Sie die Klammern unter „Weitere Angaben“.`,
      };
    case 'directory_incomplete':
      return {
        what: t`Der Server hat nur einen Teil der Einträge geliefert.`,
        next: t`Prüfen Sie, ob er die Zahl der Einträge begrenzt. Bis dahin bleibt alles, wie es war.`,
      };
    case 'directory_nobody':
      return {
        what: t`Die Verbindung steht, aber es wurde niemand gefunden.`,
        next: t`Prüfen Sie den Zweig und den Filter für Personen.`,
      };
    case 'directory_many_vanished': {
      const gone = params.gone ?? '?';
      const known = params.known ?? '?';
      return {
        what: t`${gone} von ${known} Personen fehlen auf einmal. Vorsichtshalber wurde nichts geändert.`,
        next: t`Prüfen Sie den Zweig, den Filter und die Rechte des Kontos zum Suchen.`,
      };
    }
    default:
      return {
        what: why
          ? t`Der Server hat anders geantwortet als erwartet: ${why}`
          : t`Der Server hat anders geantwortet als erwartet.`,
        next: t`Prüfen Sie, ob unter dieser Adresse wirklich das Verzeichnis steht.`,
      };
  }
}
