import { type Mailbox, MailFault } from '../model.ts';
import { type Jmap, list, type Obj, object, text } from './jmap.ts';
import type { Kept } from './kept.ts';
import { mailboxOf } from './shapes.ts';

const MAX_NAME_BYTES = 200;
export const MAX_SIGNATURE_BYTES = 50_000;
/** Messages that move together out of a folder that is removed. */
const STEP = 500;
/** New ones may arrive while it is emptied. */
const TRIES = 20;

/** Folders and senders: they are changed on the server first, and then here. */
export class Settings {
  readonly #jmap: Jmap;
  readonly #kept: Kept;

  constructor(jmap: Jmap, kept: Kept) {
    this.#jmap = jmap;
    this.#kept = kept;
  }

  async createMailbox(name: string, parentId: string | null): Promise<Mailbox> {
    const m = { name: checkedName(name), ...(parentId !== null && { parentId }) };
    const set = await this.#jmap.one('Mailbox/set', { create: { m } });
    refuse(object(set.notCreated).m);
    const made = mailboxOf({ ...m, ...object(object(set.created).m) });
    await this.#put(made);
    return made;
  }

  async changeMailbox(
    id: string,
    change: { name?: string; parentId?: string | null },
  ): Promise<void> {
    const { name, ...rest } = change;
    const patch: Obj = { ...rest, ...(name !== undefined && { name: checkedName(name) }) };
    const set = await this.#jmap.one('Mailbox/set', { update: { [id]: patch } });
    refuse(object(set.notUpdated)[id]);
    const known = this.#kept.folders.mailboxes.find((box) => box.id === id);
    if (known) await this.#put({ ...known, ...(patch as Partial<Mailbox>) });
  }

  /** What lies in it goes into the trash first: a folder that still holds something stays. */
  async destroyMailbox(id: string): Promise<void> {
    const trash = this.#kept.roleId('trash');
    for (let tries = 0; tries < TRIES; tries += 1) {
      const found = await this.#jmap.one('Email/query', { filter: { inMailbox: id }, limit: STEP });
      const ids = list<string>(found.ids);
      if (ids.length > 0) {
        const patch = { [`mailboxIds/${id}`]: null, [`mailboxIds/${trash}`]: true };
        const update = Object.fromEntries(ids.map((email) => [email, patch]));
        const moved = await this.#jmap.one('Email/set', { update });
        refuse(
          Object.values(object(moved.notUpdated)).find((one) => object(one).type !== 'notFound'),
        );
        tries = ids.length === STEP ? 0 : tries;
        continue;
      }
      const set = await this.#jmap.one('Mailbox/set', { destroy: [id] });
      const refused = object(object(set.notDestroyed)[id]);
      if (refused.type === 'mailboxHasEmail') continue;
      if (refused.type !== 'notFound') refuse(object(set.notDestroyed)[id]);
      await this.#kept.change((writing) => {
        const mailboxes = writing.folders.mailboxes.filter((box) => box.id !== id);
        writing.putFolders({ mailboxes });
      });
      return;
    }
    throw new MailFault('offline', 'new messages come into the folder all the time');
  }

  async setSignature(identityId: string, signature: string): Promise<void> {
    const textSignature = signature.trim();
    if (bytesOf(textSignature) > MAX_SIGNATURE_BYTES) {
      throw new MailFault('too_large', `a signature has at most ${MAX_SIGNATURE_BYTES} bytes`);
    }
    const set = await this.#jmap.one('Identity/set', {
      update: { [identityId]: { textSignature } },
    });
    refuse(object(set.notUpdated)[identityId]);
    await this.#kept.change((writing) => {
      const identities = writing.folders.identities.map((one) =>
        one.id === identityId ? { ...one, textSignature } : one,
      );
      writing.putFolders({ identities });
    });
  }

  #put(box: Mailbox): Promise<void> {
    return this.#kept.change((writing) => {
      const others = writing.folders.mailboxes.filter(({ id }) => id !== box.id);
      writing.putFolders({ mailboxes: [...others, box] });
    });
  }
}

function checkedName(name: string): string {
  const trimmed = name.trim();
  if (bytesOf(trimmed) > MAX_NAME_BYTES) {
    throw new MailFault('too_large', `a name has at most ${MAX_NAME_BYTES} bytes`);
  }
  return trimmed;
}

function refuse(told: unknown): void {
  if (told === undefined || told === null) return;
  const { type, description, properties } = object(told);
  if (type === 'notFound') throw new MailFault('not_found', text(description));
  const taken = type === 'invalidProperties' && list<string>(properties).includes('name');
  throw new MailFault(taken ? 'name_taken' : 'refused', text(description) || text(type));
}

function bytesOf(value: string): number {
  return new TextEncoder().encode(value).length;
}
