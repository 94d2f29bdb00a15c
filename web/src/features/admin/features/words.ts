import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import type { Strength } from '../settings/guard-words.ts';

export type Feature = Schema<'Feature'>;

/** What a feature is called, what becomes of it where somebody does not have it, and how well that holds. */
export function featureWords(feature: Feature): {
  label: string;
  hint: string;
  strength: Strength;
} {
  switch (feature) {
    case 'attachments':
      return {
        label: t`Anhänge öffnen`,
        hint: t`Sonst zeigt eine Nachricht ihren Text und die Namen der Anhänge. Auch Bilder in ihr fehlen.`,
        strength: 'enforced',
      };
    case 'files':
      return {
        label: t`Ablage im Container`,
        hint: t`Sonst lässt sich nichts mehr auf dem Gerät aufheben. Was dort schon liegt, bleibt, bis die Person es löscht.`,
        strength: 'hindered',
      };
    case 'download':
      return {
        label: t`Anhänge herunterladen`,
        hint: t`Nur wo die Einstellungen es erlauben.`,
        strength: 'hindered',
      };
    case 'offline':
      return {
        label: t`Entsperren ohne Verbindung`,
        hint: t`Nur wo die Einstellungen dafür Tage vorsehen. Gilt auf einem Gerät, sobald es sich meldet.`,
        strength: 'enforced',
      };
    case 'notices':
      return {
        label: t`Hinweise auf neue Nachrichten`,
        hint: t`Wenn die Post offen ist und gerade niemand hinsieht, und über Push-Dienste, wenn sie geschlossen ist.`,
        strength: 'policy_only',
      };
    case 'pictures':
      return {
        label: t`Bilder aus dem Internet laden`,
        hint: t`Nur wo die Einstellungen es erlauben.`,
        strength: 'enforced',
      };
    case 'sharing':
      return {
        label: t`Andere ins Postfach lassen`,
        hint: t`Rechte nehmen geht immer. Was die Verwaltung freigibt, bleibt davon unberührt.`,
        strength: 'enforced',
      };
    case 'delegation':
      return {
        label: t`In Postfächern anderer arbeiten`,
        hint: t`Auch in Funktionspostfächern. Freigaben bleiben bestehen und ruhen; was in diesen Postfächern noch nicht gesendet ist, verlieren die Geräte sofort.`,
        strength: 'enforced',
      };
    case 'absence':
      return {
        label: t`Abwesenheitsnotiz`,
        hint: t`Eine, die läuft oder geplant ist, lässt sich noch beenden.`,
        strength: 'enforced',
      };
    case 'programs':
      return {
        label: t`Programme mit Zugangsschlüssel`,
        hint: t`Nur wo die Einstellungen sie erlauben.`,
        strength: 'enforced',
      };
  }
}
