import { MAX_BATCH_DOCUMENTS } from '../container/index.ts';
import type { EmailHead } from '../model.ts';
import {
  type Answers,
  type Call,
  type Jmap,
  list,
  MethodFault,
  type Obj,
  object,
  portions,
  resultOf,
  text,
} from './jmap.ts';
import type { Kept } from './kept.ts';
import type { MailNet } from './net.ts';
import { isWrite } from './queue.ts';
import type { Row } from './rows.ts';
import {
  ASK_BODY,
  bodyOf,
  HEAD_PROPERTIES,
  headOf,
  identityOf,
  mailboxOf,
  searched,
} from './shapes.ts';
import type { Shelf } from './shelf.ts';
import { aheadKey, isReadAhead } from './sync-times.ts';
import { makeDraft } from './take-back.ts';
import type { Works } from './works.ts';
import { BODIES, type Writing } from './writing.ts';

/** What a device keeps from the beginning: so many messages, or all of these days where those are more. */
export const KEEP = { messages: 500, days: 30, most: 5_000 };
/** A page of what lists show: the first screen stands after the first one. */
const PAGE = 250;
/** Texts are long: few at a time. */
const TEXTS = 40;
const DAY_MS = 24 * 60 * 60_000;
const NEWEST_FIRST = [{ property: 'receivedAt', isAscending: false }];

/** Keeps this device as the server is. What it costs depends on what changed. One tab does so. */
export class Sync {
  readonly #shelf: Shelf;
  readonly #jmap: Jmap;
  readonly #kept: Kept;
  readonly #net: MailNet;
  readonly #works: Works;

  constructor(shelf: Shelf, jmap: Jmap, kept: Kept, net: MailNet, works: Works) {
    this.#works = works;
    this.#shelf = shelf;
    this.#jmap = jmap;
    this.#kept = kept;
    this.#net = net;
  }

  async run(): Promise<void> {
    if (this.#kept.meta.states === null) {
      await this.#fill();
    } else {
      try {
        await this.#follow();
      } catch (error) {
        if (!(error instanceof MethodFault) || error.type !== 'cannotCalculateChanges') throw error;
        await this.#fill();
      }
    }
    await this.#askHeld();
    await this.#choose();
    await this.#kept.change((writing) => {
      writing.meta.syncedAtMs = this.#net.clock.now();
    });
  }

  /** Who writes for others does so as their rights are now: a message that waits is to say in whose stead it is. */
  async readSenders(): Promise<void> {
    if (this.#jmap.isOwn || !this.#kept.ops.some(isWrite)) return;
    const answers = await this.#jmap.call([['Identity/get', { ids: null }]]);
    if (this.#areSenders(answers, 0)) return;
    const identities = list(answers.open(0).list).map(identityOf);
    await this.#kept.change((writing) => writing.putFolders({ identities }));
  }

  /** Reads texts that are still to be read, and has them searched. */
  async readTexts(): Promise<void> {
    while (this.#kept.todo.size > 0) {
      const ids = [...this.#kept.todo].slice(0, TEXTS);
      const missing: string[] = [];
      const bodies = await this.#shelf.records.getEach(BODIES, ids);
      for (const [index, id] of ids.entries()) {
        const row = this.#kept.base.get(id);
        if (!bodies[index] && row && this.#isAhead(row)) missing.push(id);
      }
      if (missing.length > 0) {
        const got = await this.#jmap.one('Email/get', { ids: missing, ...ASK_BODY });
        await this.#kept.change((writing) => {
          for (const told of list(got.list)) {
            // Destroyed meanwhile, by what another tab heard: nothing of it may stay.
            if (this.#kept.base.get(text(told.id))) writing.putBody(text(told.id), bodyOf(told));
          }
        });
      }
      await this.#index(ids);
      await this.#kept.change((writing) => writing.dropTodo(ids));
    }
  }

  #isAhead(row: Row): boolean {
    const { wish, clock } = this.#net;
    return !wish || isReadAhead(wish.ahead, row, clock.now());
  }

  /** Another choice of what is read ahead: what is missing is read, and what is not wanted any more goes. */
  async #choose(): Promise<void> {
    const key = this.#net.wish ? aheadKey(this.#net.wish.ahead) : '';
    if (key === (this.#kept.meta.ahead ?? '')) return;
    await this.#kept.change((writing) => {
      const ids = [...this.#kept.base.ids()];
      for (const id of ids) {
        const row = this.#kept.base.get(id);
        if (row && !this.#isAhead(row)) writing.dropBody(id);
      }
      writing.putTodo(ids);
      writing.meta.ahead = key;
    });
  }

  /** Reads what lies in a folder behind what is here; false if there is no more. */
  async readOlder(mailbox: string): Promise<boolean> {
    const horizonMs = this.#horizonOf(mailbox);
    if (horizonMs <= 0) return false;
    // Moments are told in whole seconds.
    const before = new Date(horizonMs + 1_000).toISOString();
    const conditions = [{ inMailbox: mailbox }, { before }];
    for (let position = 0; ; position += PAGE) {
      const filter = { operator: 'AND', conditions };
      const answers = await this.#jmap.call([
        ['Email/query', { filter, sort: NEWEST_FIRST, position, limit: PAGE }],
        ['Email/get', { '#ids': resultOf(0, 'Email/query', '/ids'), properties: HEAD_PROPERTIES }],
      ]);
      const heads = list(answers.of(1).list).map(headOf);
      const more = list(answers.of(0).ids).length === PAGE;
      const oldestMs = more ? Math.min(...heads.map(({ receivedAtMs }) => receivedAtMs)) : 0;
      const moved = oldestMs < horizonMs;
      await this.#kept.change((writing) => {
        this.#putNew(writing, heads);
        if (moved) writing.meta.horizonsMs[mailbox] = oldestMs;
      });
      // More than a page of one second: their order does not lead on.
      if (moved) return true;
    }
  }

  /** Reads what lists show of these messages, as far as it is not here. */
  async readHeads(ids: string[]): Promise<void> {
    const missing = ids.filter((id) => !this.#kept.base.get(id));
    for (const part of portions(missing, PAGE)) {
      const got = await this.#jmap.one('Email/get', { ids: part, properties: HEAD_PROPERTIES });
      await this.#kept.change((writing) => this.#putNew(writing, list(got.list).map(headOf)));
    }
  }

  /** Since when everything of a folder is here. */
  horizonMs(mailbox: string): number {
    return this.#horizonOf(mailbox);
  }

  #horizonOf(mailbox: string): number {
    const { horizonMs, horizonsMs } = this.#kept.meta;
    return Math.min(horizonMs, horizonsMs[mailbox] ?? horizonMs);
  }

  /** What another tab read meanwhile is newer than an answer that was asked for before. */
  #putNew(writing: Writing, heads: EmailHead[]): void {
    const gone = new Set(writing.meta.gone);
    const fresh = heads.filter(({ id }) => !this.#kept.base.get(id) && !gone.has(id));
    for (const head of fresh) writing.putHead(head);
    writing.putTodo(fresh.map(({ id }) => id));
  }

  /** Reads everything anew. What is here is asked for again, and what waits keeps waiting. */
  async #fill(): Promise<void> {
    const answers = await this.#jmap.call([
      ['Mailbox/get', { ids: null }],
      ['Identity/get', { ids: null }],
      ['Email/get', { ids: [] }],
    ]);
    const states = { mailbox: text(answers.of(0).state), email: text(answers.of(2).state) };
    await this.#kept.change((writing) => {
      writing.putFolders({
        mailboxes: list(answers.of(0).list).map(mailboxOf),
        identities: list(answers.open(1).list).map(identityOf),
      });
    });
    const known = [...this.#kept.base.ids()];
    for (const ids of portions(known, PAGE)) {
      const got = await this.#jmap.one('Email/get', { ids, properties: HEAD_PROPERTIES });
      await this.#kept.change((writing) => {
        for (const told of list(got.list)) writing.putHead(headOf(told));
        for (const id of list<string>(got.notFound)) this.#drop(writing, id);
      });
    }
    const horizonMs = await this.#readNewest();
    await this.#kept.change((writing) => {
      // What came since is told once more: so nothing is missed.
      writing.meta.states = states;
      writing.meta.horizonMs = horizonMs;
      writing.meta.horizonsMs = {};
    });
    await this.#works.sync();
  }

  /** Reads the newest messages; says since when everything is here. */
  async #readNewest(): Promise<number> {
    const after = this.#net.clock.now() - KEEP.days * DAY_MS;
    let oldestMs = Number.MAX_SAFE_INTEGER;
    for (let position = 0; position < KEEP.most; position += PAGE) {
      const answers = await this.#jmap.call([
        ['Email/query', { filter: null, sort: NEWEST_FIRST, position, limit: PAGE }],
        ['Email/get', { '#ids': resultOf(0, 'Email/query', '/ids'), properties: HEAD_PROPERTIES }],
      ]);
      const heads = list(answers.of(1).list).map(headOf);
      await this.#kept.change((writing) => {
        this.#putNew(writing, heads);
        // Lists may show them before the rest is here.
        oldestMs = Math.min(oldestMs, ...heads.map(({ receivedAtMs }) => receivedAtMs));
        writing.meta.horizonMs = oldestMs;
      });
      if (list(answers.of(0).ids).length < PAGE) return 0;
      if (position + PAGE >= KEEP.messages && oldestMs < after) break;
    }
    return oldestMs;
  }

  /** Asks what changed, page by page. Each page is kept together with the state that it leads to. */
  async #follow(): Promise<void> {
    let isFirst = true;
    for (let more = true; more; ) {
      const { states } = this.#kept.meta;
      if (!states) return;
      const work = isFirst ? await this.#works.calls() : [];
      // In one request: nothing new is one question.
      const changes = changesSince(states);
      const answers = await this.#jmap.call([...changes, ...shifted(work, changes.length)]);
      const moreWork = work.length > 0 && (await this.#works.take(answers, work, changes.length));
      if (moreWork) await this.#works.sync();
      isFirst = false;
      const emails = answers.of(4);
      const gone = list<string>(emails.destroyed);
      const heads = [...list(answers.of(5).list), ...list(answers.of(6).list)].map(headOf);
      // Changed in this page and destroyed behind it.
      const notFound = [answers.of(5), answers.of(6)].flatMap((got) => list<string>(got.notFound));
      const next = { mailbox: text(answers.of(0).newState), email: text(emails.newState) };
      more = emails.hasMoreChanges === true || answers.of(0).hasMoreChanges === true;
      const same = next.email === states.email && next.mailbox === states.mailbox;
      if (!more && same && this.#areSenders(answers, 3)) return;
      await this.#kept.change((writing) => {
        for (const head of heads) {
          if (!this.#kept.base.get(head.id)) writing.putTodo([head.id]);
          writing.putHead(head);
        }
        for (const id of [...gone, ...notFound]) this.#drop(writing, id);
        this.#putMailboxes(writing, answers);
        writing.meta.states = next;
      });
    }
  }

  #putMailboxes(writing: Writing, answers: Answers): void {
    const told = [...list(answers.of(1).list), ...list(answers.of(2).list)].map(mailboxOf);
    const gone = list<string>(answers.of(0).destroyed);
    const replaced = new Set([...gone, ...told.map(({ id }) => id)]);
    const kept = writing.folders.mailboxes.filter(({ id }) => !replaced.has(id));
    const identities = list(answers.open(3).list).map(identityOf);
    writing.putFolders({ mailboxes: [...kept, ...told], identities });
  }

  /** Senders have no state of their own: they are told each time. */
  #areSenders(answers: Answers, call: number): boolean {
    const told = list(answers.open(call).list).map(identityOf);
    return JSON.stringify(told) === JSON.stringify(this.#kept.folders.identities);
  }

  #drop(writing: Writing, id: string): void {
    if (!this.#kept.base.get(id) && !writing.rows.get(id)) return;
    writing.dropEmail(id);
    writing.putTodo([id]);
  }

  /** What becomes of messages that could be taken back when this device last heard of them. */
  async #askHeld(): Promise<void> {
    const held = [...this.#kept.sendings.values()].filter(({ state }) => state === 'held');
    const ids = held.flatMap(({ submissionId }) => submissionId ?? []);
    if (ids.length === 0) return;
    const properties = ['id', 'undoStatus'];
    const answers = await this.#jmap.call([['EmailSubmission/get', { ids, properties }]]);
    const got = answers.open(0);
    const told = new Map(list(got.list).map((one) => [text(one.id), text(one.undoStatus)]));
    for (const sending of held) {
      if (told.get(sending.submissionId ?? '') !== 'canceled') continue;
      // An answer was lost. Only what still lies among the sent ones is where it does not belong.
      const row = this.#kept.base.get(sending.emailId ?? '');
      const sent = this.#kept.roleId('sent');
      if (row?.boxes.includes(sent)) await makeDraft(this.#jmap, this.#kept, sending);
    }
    await this.#kept.change((writing) => {
      for (const { id } of held) {
        const sending = writing.sendings.get(id);
        if (sending?.state !== 'held') continue;
        const status = told.get(sending.submissionId ?? '');
        if (status === 'pending') continue;
        writing.putSending({ ...sending, state: status === 'canceled' ? 'taken_back' : 'sent' });
      }
    });
  }

  /** Words of what is here are searched; those of what is gone are not. */
  async #index(ids: string[]): Promise<void> {
    const heads = await this.#kept.baseHeads(ids);
    const bodies = await this.#shelf.records.getEach(BODIES, ids);
    const documents = ids.flatMap((id, index) => {
      const head = heads.get(id);
      const body = (bodies[index]?.value ?? null) as Parameters<typeof searched>[1];
      return head ? [{ id, text: searched(head, body), when: head.receivedAtMs }] : [];
    });
    for (const part of portions(documents, MAX_BATCH_DOCUMENTS)) await this.#shelf.search.add(part);
    const gone = ids.filter((id) => !heads.has(id));
    if (gone.length > 0) await this.#shelf.search.remove(gone);
  }
}

/** Everything that changed, in one request. */
function changesSince({ mailbox, email }: { mailbox: string; email: string }): Call[] {
  const changed = (call: number, name: string, path: string): Obj => ({
    '#ids': resultOf(call, name, path),
  });
  const properties = HEAD_PROPERTIES;
  return [
    ['Mailbox/changes', { sinceState: mailbox }],
    ['Mailbox/get', changed(0, 'Mailbox/changes', '/created')],
    ['Mailbox/get', changed(0, 'Mailbox/changes', '/updated')],
    ['Identity/get', { ids: null }],
    ['Email/changes', { sinceState: email, maxChanges: PAGE }],
    ['Email/get', { ...changed(4, 'Email/changes', '/created'), properties }],
    ['Email/get', { ...changed(4, 'Email/changes', '/updated'), properties }],
  ];
}

/** Calls that refer to each other, behind so many others. */
function shifted(calls: Call[], by: number): Call[] {
  return calls.map(([name, given]) => {
    const moved = Object.entries(given).map(([key, value]) => {
      const { resultOf: call, ...rest } = object(value);
      const refers = key.startsWith('#');
      return [key, refers ? { ...rest, resultOf: String(Number(call) + by) } : value];
    });
    return [name, Object.fromEntries(moved) as Obj];
  });
}

/** The messages of a thread, as the server knows them. */
export async function emailsOfThread(jmap: Jmap, thread: string): Promise<string[]> {
  const got = await jmap.one('Thread/get', { ids: [thread] });
  return list<string>(object(list(got.list)[0]).emailIds);
}
