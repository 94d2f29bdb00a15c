import type { MailRight } from './model.ts';

/** What the page offers in a mailbox, and the store takes. */
export type May = {
  /** Marks, filing, deleting, folders, and who works on what. */
  write: boolean;
  /** Messages from this mailbox: without `write`, their drafts are all that can be changed. */
  send: boolean;
  /** What others may do here. */
  manage: boolean;
};

export function mayOf(rights: readonly MailRight[]): May {
  const write = rights.includes('write');
  const send = rights.includes('send_on_behalf') || rights.includes('send_as');
  return { write, send, manage: rights.includes('manage') };
}
