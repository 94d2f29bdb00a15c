import type { Attachment, Draft, EmailHead } from '../model.ts';
import type { Row } from './rows.ts';

/** The most changes that wait. */
export const MAX_WAITING = 1_000;
/** The most messages that waiting changes name together. */
export const MAX_WAITING_EMAILS = 20_000;
/** The most bytes of attachments that wait to be brought to the server. */
export const MAX_WAITING_BYTES = 200_000_000;

export type Keyword = '$seen' | '$flagged' | '$answered' | '$forwarded';

/** A new attachment, whose bytes lie in the container under the name of what they are. */
export type NewAttachment = {
  kind: 'new';
  name: string;
  type: string;
  /** SHA-256, in hexadecimal digits. */
  print: string;
  sizeBytes: number;
};

export type KeptDraft = Omit<Draft, 'attachments'> & {
  attachments: ({ kind: 'kept'; attachment: Attachment } | NewAttachment)[];
};

/**
 * The states that a request was made for. The server carries it out in exactly these states or not at all, so a request
 * that is still under way can never take effect once another one did.
 */
export type Attempt = { email: string; submission: string };

/** A message that is written to the server: as a draft, or to be sent. */
export type WriteOp = {
  kind: 'write';
  /** How the page knows it until the server has named it. */
  localId: string;
  /** The draft on the server, or one that waits here, in whose place it comes. */
  replaces: string | null;
  draft: KeptDraft;
  atMs: number;
  /** Made here and by nobody else: by it, the message is found again when an answer was lost. */
  messageId: string;
  sendingId: string | null;
  attempt: Attempt | null;
  /** The server's id, once it is known. */
  emailId: string | null;
  /** It was refused and waits for the person to change it. */
  parked: boolean;
};

export type SimpleOp =
  | { kind: 'mark'; emails: string[]; keyword: Keyword; on: boolean; unasked?: boolean }
  | { kind: 'move'; emails: string[]; from: string | null; to: string }
  | { kind: 'destroy'; emails: string[] };

/** A change that the server does not know yet. They are carried out in the order of their numbers. */
export type Op = { seq: number; key: string } & (SimpleOp | WriteOp);

export function isWrite(op: Op): op is Op & WriteOp {
  return op.kind === 'write';
}

/** Whether the person did it on purpose, and not just by reading or answering. */
export function isAsked(op: Op): boolean {
  return op.kind !== 'mark' || op.unasked !== true;
}

/** The messages that a change is about, as they were called when it was made. */
export function emailsOf(op: Op): string[] {
  if (!isWrite(op)) return op.emails;
  return op.replaces === null ? [] : [op.replaces];
}

/** What a change makes of a message; null: it is gone. */
export function changedRow(row: Row, op: Op): Row | null {
  switch (op.kind) {
    case 'mark':
      if (op.keyword === '$seen') return { ...row, seen: op.on };
      return op.keyword === '$flagged' ? { ...row, flagged: op.on } : row;
    case 'move':
      return { ...row, boxes: moved(row.boxes, op) };
    default:
      return null;
  }
}

/** The same for what lists show of it. */
export function changedHead(head: EmailHead, op: Op): EmailHead {
  switch (op.kind) {
    case 'mark':
      if (op.keyword === '$seen') return { ...head, seen: op.on };
      if (op.keyword === '$flagged') return { ...head, flagged: op.on };
      return op.keyword === '$answered' ? { ...head, answered: op.on } : head;
    case 'move':
      return { ...head, mailboxIds: moved(head.mailboxIds, op) };
    default:
      return head;
  }
}

function moved(boxes: string[], { from, to }: { from: string | null; to: string }): string[] {
  const kept = from === null ? [] : boxes.filter((box) => box !== from);
  return [...new Set([...kept, to])].sort();
}

/** How many bytes of new attachments it holds. */
export function newBytes(draft: KeptDraft): number {
  return draft.attachments.reduce((sum, one) => sum + (one.kind === 'new' ? one.sizeBytes : 0), 0);
}
