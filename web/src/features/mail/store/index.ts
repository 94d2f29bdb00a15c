/** One person's mail on this device, over the sealed container and a JMAP server. */

export { browserNet, type MailNet } from './net.ts';
export { type OpenedMail, openMail } from './opened-mail.ts';
export type { Dropped } from './outbox.ts';
