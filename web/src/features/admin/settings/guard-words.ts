import { t } from '@lingui/core/macro';

/** What may leave a container, and what lies over it. */
export const GUARDS = ['copy_out', 'print', 'download', 'watermark', 'blur'] as const;
export type Guard = (typeof GUARDS)[number];

/** How well a rule holds in a browser (ADR 0032). */
export type Strength = 'enforced' | 'hindered' | 'policy_only';

export function strengthWords(strength: Strength): string {
  switch (strength) {
    case 'enforced':
      return t`durchgesetzt`;
    case 'hindered':
      return t`erschwert`;
    case 'policy_only':
      return t`nur Regel`;
  }
}

/** What a rule is called, what it does, and how well it holds. */
export function guardWords(guard: Guard): { label: string; hint: string; strength: Strength } {
  switch (guard) {
    case 'copy_out':
      return {
        label: t`Kopieren, Ausschneiden und Herausziehen erlauben`,
        hint: t`Sonst bleibt Kopiertes in der Post und lässt sich nur dort einfügen.`,
        strength: 'hindered',
      };
    case 'print':
      return {
        label: t`Drucken erlauben`,
        hint: t`Sonst bleibt das Blatt leer.`,
        strength: 'hindered',
      };
    case 'download':
      return {
        label: t`Herunterladen erlauben`,
        hint: t`Sonst gibt es dafür keinen Knopf; Anhänge lassen sich in der Ablage des Containers aufheben.`,
        strength: 'hindered',
      };
    case 'watermark':
      return {
        label: t`Name und Uhrzeit über alles legen`,
        hint: t`Ein Foto des Bildschirms zeigt dann, von wem es ist. Es zu machen verhindert niemand.`,
        strength: 'policy_only',
      };
    case 'blur':
      return {
        label: t`Verdecken, wenn jemand in ein anderes Fenster wechselt`,
        hint: t`Gegen Blicke auf einen verlassenen Bildschirm und in die Übersicht der Fenster.`,
        strength: 'hindered',
      };
  }
}
