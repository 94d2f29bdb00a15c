import { t } from '@lingui/core/macro';
import type { Option } from '../../../ui/choices.tsx';
import type { Right } from './queries.ts';

export const RIGHTS: readonly Right[] = ['read', 'write', 'send_on_behalf', 'send_as', 'manage'];

export function rightName(right: Right): string {
  switch (right) {
    case 'read':
      return t`Lesen`;
    case 'write':
      return t`Bearbeiten`;
    case 'send_on_behalf':
      return t`Im Auftrag senden`;
    case 'send_as':
      return t`Als dieses Postfach senden`;
    case 'manage':
      return t`Verwalten`;
  }
}

/** The rights beside reading, which is part of each. */
export function rightOptions(): Option<Right>[] {
  return [
    {
      value: 'write',
      label: rightName('write'),
      hint: t`Kennzeichnen, verschieben, löschen und festlegen, wer sich kümmert.`,
    },
    {
      value: 'send_on_behalf',
      label: rightName('send_on_behalf'),
      hint: t`In der Nachricht stehen das Postfach und die Person, die schreibt.`,
    },
    {
      value: 'send_as',
      label: rightName('send_as'),
      hint: t`In der Nachricht steht nur das Postfach. Wer schrieb, steht im Prüfprotokoll.`,
    },
    {
      value: 'manage',
      label: rightName('manage'),
      hint: t`Anderen Rechte geben und nehmen, Signatur und Abwesenheit ändern.`,
    },
  ];
}

/** The rights of somebody, in a line. */
export function rightsLine(rights: readonly Right[]): string {
  const more = RIGHTS.filter((right) => right !== 'read' && rights.includes(right));
  return (more.length > 0 ? more : (['read'] as const)).map(rightName).join(', ');
}
