/** A person's mailboxes on this device, over the sealed container and a JMAP server. */

export { KeptTimes } from './kept-times.ts';
export { browserNet, type MailNet } from './net.ts';
export type { OpenedMail } from './opened-mail.ts';
export { type OpenedPost, openPost } from './post.ts';
