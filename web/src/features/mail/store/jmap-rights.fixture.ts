import type { MailRight } from '../model.ts';
import { Refusal } from './jmap-shapes.fixture.ts';
import type { Obj } from './obj.ts';

const WRITING = ['Email/set', 'Mailbox/set', 'ThreadWork/set', 'EmailSubmission/set'];

/** What these tell of is open only to those who may send. */
const SENDING = ['EmailSubmission/get', 'EmailSubmission/changes', 'Identity/get'];

/** A mailbox, as far as rights go. */
type Holder = { rights: readonly MailRight[] };

/** Refuses a method that needs more than the person may, as the contract of crates/mail says. */
export function checkRights({ rights }: Holder, name: string, given: Obj): void {
  const sends = rights.includes('send_as') || rights.includes('send_on_behalf');
  const writes = rights.includes('write');
  const isOpen = name.startsWith('Identity/') ? sends || rights.includes('manage') : sends;
  if (SENDING.includes(name) && !isOpen) throw new Refusal('accountNotSupportedByMethod');
  if (!WRITING.includes(name)) return;
  if (!writes && !sends) throw new Refusal('accountReadOnly');
  if (name === 'EmailSubmission/set' && !sends && 'create' in given) {
    throw new Refusal('forbiddenToSend');
  }
  if ((name === 'Mailbox/set' || name === 'ThreadWork/set') && !writes) {
    throw new Refusal('accountReadOnly');
  }
}

/** Who may only send writes drafts and nothing else, and has them filed once they are sent. */
export function mayTouch({ rights }: Holder, before: string[], after: string[]): boolean {
  if (rights.includes('write')) return true;
  const fits = (boxes: string[], allowed: string[]) => boxes.every((box) => allowed.includes(box));
  return fits(before, ['mbx-drafts']) && fits(after, ['mbx-drafts', 'mbx-sent']);
}
