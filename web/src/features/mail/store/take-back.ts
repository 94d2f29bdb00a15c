import type { EmailHead } from '../model.ts';
import type { Changes } from './changes.ts';
import { type Jmap, type Obj, object, text } from './jmap.ts';
import type { Kept } from './kept.ts';
import type { KeptSending } from './writing.ts';

/** Takes back what was handed over for sending, for as long as it is here or held by the server. */
export class TakeBack {
  readonly #jmap: Jmap;
  readonly #kept: Kept;
  readonly #changes: Changes;
  readonly #ask: () => Promise<void>;

  constructor(jmap: Jmap, kept: Kept, changes: Changes, ask: () => Promise<void>) {
    this.#jmap = jmap;
    this.#kept = kept;
    this.#changes = changes;
    this.#ask = ask;
  }

  async run(sendingId: string): Promise<boolean> {
    if (await this.#changes.takeBack(sendingId)) return true;
    // It is on its way to the server: what became of it is learnt first.
    if (this.#kept.sendings.get(sendingId)?.state === 'waiting') await this.#ask();
    const sending = this.#kept.sendings.get(sendingId);
    if (sending?.state === 'taken_back') return true;
    if (sending?.state !== 'held' || sending.submissionId === null) return false;
    return this.#cancel(sending, sending.submissionId);
  }

  /** Where its text lies as a draft again. */
  async draftOf(sendingId: string): Promise<EmailHead | null> {
    const sending = this.#kept.sendings.get(sendingId);
    const ids = [sending?.localId, sending?.emailId].filter((id) => typeof id === 'string');
    const heads = await this.#kept.heads(ids);
    return heads.find(({ draft }) => draft) ?? null;
  }

  async #cancel(sending: KeptSending, submission: string): Promise<boolean> {
    const drafts = this.#kept.roleId('drafts');
    const set = await this.#jmap.one('EmailSubmission/set', {
      update: { [submission]: { undoStatus: 'canceled' } },
      onSuccessUpdateEmail: { [submission]: asDraft(drafts) },
    });
    const done = submission in object(set.updated);
    const told = done ? null : await this.#statusOf(submission);
    if (told === 'canceled') await makeDraft(this.#jmap, this.#kept, sending);
    await this.#kept.change(async (writing) => {
      const known = writing.sendings.get(sending.id);
      if (!known) return;
      const canceled = done || told === 'canceled';
      writing.putSending({ ...known, state: canceled ? 'taken_back' : 'sent' });
      const heads = await this.#kept.baseHeads(canceled && known.emailId ? [known.emailId] : []);
      for (const head of heads.values()) {
        writing.putHead({ ...head, mailboxIds: [drafts], draft: true });
      }
    });
    return done || told === 'canceled';
  }

  /** An answer may have been lost: then it was canceled before. */
  async #statusOf(submission: string): Promise<string> {
    const got = await this.#jmap.one('EmailSubmission/get', {
      ids: [submission],
      properties: ['undoStatus'],
    });
    return text(object((got.list as unknown[])[0]).undoStatus);
  }
}

function asDraft(drafts: string): Obj {
  return { mailboxIds: { [drafts]: true }, 'keywords/$draft': true };
}

/** What was canceled is a draft again. The server may have ended between the one and the other. */
export async function makeDraft(jmap: Jmap, kept: Kept, { emailId }: KeptSending): Promise<void> {
  if (emailId === null) return;
  await jmap.one('Email/set', { update: { [emailId]: asDraft(kept.roleId('drafts')) } });
}
