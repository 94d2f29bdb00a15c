import { t } from '@lingui/core/macro';
import type { MailRight } from '../../model.ts';

/** A right as somebody understands it who never heard of access lists. */
export function rightWords(right: MailRight): { name: string; hint: string } {
  switch (right) {
    case 'read':
      return {
        name: t`Lesen`,
        hint: t`Alle Ordner und Nachrichten sehen, suchen und Anhänge öffnen. Gehört immer dazu.`,
      };
    case 'write':
      return {
        name: t`Bearbeiten`,
        hint: t`Kennzeichnen, verschieben, löschen und festlegen, wer sich kümmert.`,
      };
    case 'send_on_behalf':
      return {
        name: t`Im Auftrag senden`,
        hint: t`In der Nachricht stehen beide: für wen und von wem sie geschrieben ist.`,
      };
    case 'send_as':
      return {
        name: t`Als dieses Postfach senden`,
        hint: t`In der Nachricht steht nur das Postfach. Wer sie bekommt, sieht nicht, wer geschrieben hat.`,
      };
    case 'manage':
      return {
        name: t`Verwalten`,
        hint: t`Anderen Rechte geben und nehmen, Signatur und Abwesenheit ändern.`,
      };
  }
}

/** The rights of somebody, in a line. */
export function rightsLine(rights: readonly MailRight[]): string {
  const more = rights.filter((right) => right !== 'read');
  return (more.length > 0 ? more : (['read'] as const))
    .map((right) => rightWords(right).name)
    .join(', ');
}
