import { t } from '@lingui/core/macro';
import { type Mail, MailFault, type Sending } from '../model.ts';
import type { MailPageContext } from './context.ts';

type Page = { mail: Pick<Mail, 'takeBack' | 'draftOf'> } & Pick<MailPageContext, 'tell' | 'write'>;

/** Takes back what was handed over for sending, and opens its draft where that is wanted. */
export async function takeBack(page: Page, sending: Sending, open: boolean): Promise<void> {
  const { mail, tell } = page;
  try {
    if (!(await mail.takeBack(sending.id))) {
      tell({ text: t`Die Nachricht ist schon unterwegs.`, failed: true });
      return;
    }
  } catch (fault) {
    const unknown = fault instanceof MailFault && fault.kind === 'offline';
    const text = unknown
      ? t`Vielleicht ist die Nachricht schon beim Server. Das zeigt sich, sobald die Verbindung wieder steht.`
      : t`Die Nachricht ließ sich nicht zurücknehmen. Versuchen Sie es noch einmal.`;
    tell({ text, failed: true });
    return;
  }
  tell({ text: t`Nicht gesendet. Die Nachricht liegt wieder bei den Entwürfen.` });
  if (open) await openDraft(page, sending);
}

/** Opens the draft of what was not sent; false where it is no longer there, which is said. */
export async function openDraft({ mail, tell, write }: Page, sending: Sending): Promise<boolean> {
  const email = await mail.draftOf(sending.id).catch(() => null);
  if (email) write({ kind: 'draft', email });
  else tell({ text: t`Diesen Entwurf gibt es nicht mehr.`, failed: true });
  return email !== null;
}
