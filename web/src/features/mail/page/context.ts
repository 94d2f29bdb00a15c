import { createContext, use } from 'react';
import type { Mail, MailAccount, Mailbox, MailboxRole, MailIdentity } from '../model.ts';
import type { May } from '../rights.ts';
import type { DraftStart } from './compose/start.ts';

/** Something that was done, and how it is undone. */
export type Notice = {
  text: string;
  undo?: () => Promise<unknown>;
  /** It did not work. */
  failed?: boolean;
};

/** What all parts of the page share. */
export type MailPageContext = {
  mail: Mail;
  account: MailAccount;
  /** What is not allowed is not offered. */
  may: May;
  boxes: readonly Mailbox[];
  identities: readonly MailIdentity[];
  /** Says what was done, at the foot of the page and to readers. */
  tell: (notice: Notice) => void;
  /** Opens the form for a message. */
  write: (start: DraftStart) => void;
};

export const MailPageContext = createContext<MailPageContext | null>(null);

/** For everything within the page. */
export function useMailPage(): MailPageContext {
  const context = use(MailPageContext);
  if (!context) throw new Error('this belongs into the mail page');
  return context;
}

/** The folder that has this role; an account need not have it. */
export function boxFor(boxes: readonly Mailbox[], role: MailboxRole): Mailbox | undefined {
  return boxes.find((box) => box.role === role);
}
