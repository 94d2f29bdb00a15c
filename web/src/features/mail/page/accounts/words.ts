import { t } from '@lingui/core/macro';
import { icons } from '../../../../ui/icon.tsx';
import type { MailAccount } from '../../model.ts';
import { mayOf } from '../../rights.ts';
import { tamed } from '../bidi.ts';

/** What a mailbox is called in lists of them; drawn within `bdi`. */
export function accountName({ kind, name, address }: MailAccount): string {
  return kind === 'own' ? t`Mein Postfach` : tamed(name || address);
}

export function accountIcon({ kind }: MailAccount): string {
  return kind === 'functional' ? icons.iconGroups : icons.iconPerson;
}

/** What may be done in it, in a word; null where it is everything that one does with mail. */
export function accountLimit({ kind, rights }: MailAccount): string | null {
  const { write, send, manage } = mayOf(rights);
  if (kind === 'own' || (write && send)) return null;
  if (!write && !send) return manage ? t`Lesen und verwalten` : t`Nur lesen`;
  return write ? t`Ohne Senden` : t`Lesen und senden`;
}
