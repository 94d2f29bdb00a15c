import {
  type EmailChange,
  type Mail,
  type MailAccount,
  type Mailbox,
  MailFault,
  type Page,
  type Sending,
  type ThreadHead,
} from '../model.ts';
import { mayOf } from '../rights.ts';
import { Absences } from './absences.ts';
import { Changes } from './changes.ts';
import { Delivery } from './delivery.ts';
import { Engine } from './engine.ts';
import { mailFault, told } from './faults.ts';
import { Files } from './files.ts';
import { HandIn } from './hand-in.ts';
import { Jmap, list } from './jmap.ts';
import { Kept } from './kept.ts';
import type { Leading } from './leading.ts';
import { Lists } from './lists.ts';
import type { MailNet } from './net.ts';
import { type Dropped, DroppedChanges, Outbox } from './outbox.ts';
import { People } from './people.ts';
import type { PushLine } from './push-line.ts';
import { isAsked } from './queue.ts';
import { readEmail } from './read-email.ts';
import type { Sessions } from './sessions.ts';
import { Settings } from './settings.ts';
import { ASK_BODY, bodyOf } from './shapes.ts';
import type { Shelf } from './shelf.ts';
import { Sync } from './sync.ts';
import { TakeBack } from './take-back.ts';
import { teamOf } from './team.ts';
import { lostDraft } from './undone.ts';
import type { WorkOp } from './work-shapes.ts';
import { Works } from './works.ts';

export type OpenedMail = Mail & {
  /** Changes that the server did not take, since they were last forgotten. */
  dropped(): Dropped[];
  forgetDropped(): void;
  /** Has the server asked, by whichever tab leads. */
  poke(): void;
  close(): void;
};

/** What a mailbox shares with the others of this person. */
export type Shared = { net: MailNet; sessions: Sessions; leading: Leading; push: PushLine };

export type OpenedAccount = {
  shelf: Shelf;
  /** Null: the own one, whatever the server calls it. */
  id: string | null;
  account(): MailAccount;
  /** A change came to nothing. */
  drop(dropped: Dropped | WorkOp): Promise<void>;
};

/** Opens a mailbox over an unlocked container. It goes on until it is closed or the container is locked. */
export async function openMail(of: OpenedAccount, shared: Shared): Promise<OpenedMail> {
  return told(async () => {
    const { shelf } = of;
    const { net, sessions, leading, push } = shared;
    const watchers = new Set<() => void>();
    const tell = () => {
      for (const call of watchers) call();
    };
    const jmap = new Jmap(net, sessions, of.id);
    const kept = await Kept.open(shelf, net);
    const drop = (one: Dropped | WorkOp) => void of.drop(one);
    const works = await Works.open(shelf, jmap, net, tell, drop).catch((error) => {
      kept.close();
      throw error;
    });
    kept.onChange(tell);
    const dropped = new DroppedChanges();
    const files = new Files(shelf, kept, jmap, net);
    const handIn = new HandIn(jmap, kept, files, net);
    const may = () => mayOf(of.account().rights);
    const lose = (one: Dropped) => {
      dropped.add(one);
      drop(one);
      tell();
    };
    const outbox = new Outbox(jmap, kept, handIn, lose, () => may().send);
    const sync = new Sync(shelf, jmap, kept, net, works);
    const delivery = await Delivery.open(shelf);
    const absences = new Absences(shelf, jmap, net, tell);
    const work = { jmap, kept, outbox, sync, works, absences, leading, push, sessions };
    const engine = new Engine(net, work, () => {
      tell();
      if (engine.line !== 'online') return;
      delivery.learn(jmap).then(
        (changed) => changed && tell(),
        () => undefined,
      );
    });
    const people = new People(shelf, jmap, kept, net);
    const settings = new Settings(jmap, kept);
    const lists = new Lists(shelf, jmap, kept, sync);
    const changes = new Changes(kept, files, net);
    let loadsPictures = sessions.pictures;
    sessions.onTold(({ pictures }) => {
      const before = loadsPictures;
      loadsPictures = pictures;
      if (loadsPictures !== before) tell();
    });
    const taking = new TakeBack(jmap, kept, changes, () => engine.ask());
    const online = () => engine.line !== 'offline' && net.isOnline();
    let isClosed = false;
    /** Kept here first; then it goes as soon as it can. */
    const made = <T>(allowed: boolean, work: () => Promise<T>) =>
      told(async () => {
        if (isClosed) throw new MailFault('closed');
        if (!allowed) throw new MailFault('forbidden');
        const result = await work();
        engine.poke();
        return result;
      });
    const team = teamOf(works, (work) => made(may().write, work));
    const withWork = async (found: Promise<Page<ThreadHead>>): Promise<Page<ThreadHead>> => {
      const page = await found;
      return { ...page, items: page.items.map((one) => ({ ...one, work: works.of(one.id) })) };
    };

    return {
      account: () => of.account(),
      team: () => (works.state === null ? null : team),
      onChange(call) {
        watchers.add(call);
        return () => watchers.delete(call);
      },
      line: () => engine.line,
      syncedAtMs: () => kept.meta.syncedAtMs,
      waiting: () => kept.ops.filter(isAsked).length + works.waiting.length,
      sendings: () =>
        [...kept.sendings.values()].sort((one, other) => other.atMs - one.atMs).map(shownSending),
      leavesHouse: () => delivery.outside,
      dropped: () => dropped.all,
      forgetDropped: () => dropped.clear(),

      mailboxes: async () => kept.mailboxes().sort(inOrder),
      identities: async () => kept.folders.identities,
      list: (mailbox, skip, limit) =>
        told(() => withWork(lists.ofMailbox(mailbox, skip, limit, online()))),
      search: (words, mailbox, limit) =>
        told(async () => {
          const here = () => withWork(lists.here(words, mailbox, limit));
          if (!online()) return here();
          try {
            return await withWork(lists.onServer(words, mailbox, limit));
          } catch (error) {
            if (mailFault(error).kind !== 'offline') throw error;
            return here();
          }
        }),
      thread: (thread) => told(() => lists.thread(thread, online())),
      body: (id) =>
        told(async () => {
          const here = await kept.body(id);
          if (here) return here;
          const emailId = kept.resolve(id);
          const got = await jmap.one('Email/get', { ids: [emailId], ...ASK_BODY });
          const found = list(got.list)[0];
          if (!found) throw new MailFault('not_found');
          const body = bodyOf(found);
          await kept.change((writing) => {
            if (kept.base.get(emailId)) writing.putBody(emailId, body);
          });
          return body;
        }),
      attachment: (blobId) => told(() => files.read(blobId)),
      loadsPictures: () => loadsPictures,
      picture: (id, url, over) => told(() => jmap.picture(kept.resolve(id), url, over)),
      readEmail: (blobId) => told(() => readEmail(jmap, blobId)),

      change: (ids, change) => {
        const { write, send } = may();
        if (write) return made(true, () => changes.change(ids, change));
        // Who may only send puts away drafts, and nothing lies in a trash for that.
        return made(send && isPuttingAway(kept, ids, change), () =>
          changes.change(ids, { kind: 'destroy', outright: true }),
        );
      },
      createMailbox: (name, parentId = null) =>
        made(may().write, () => settings.createMailbox(name, parentId)),
      changeMailbox: (id, change) => made(may().write, () => settings.changeMailbox(id, change)),
      destroyMailbox: (id) => made(may().write, () => settings.destroyMailbox(id)),
      people: (words, limit) => told(() => people.find(words, limit, online())),
      absence: () => told(() => absences.get(online())),
      setAbsence: (absence) => made(may().manage, () => absences.set(absence)),
      setSignature: (id, signature) =>
        made(may().manage, () => settings.setSignature(id, signature)),
      saveDraft: (draft) => made(may().send, () => changes.saveDraft(draft)),
      keepLost: async (draft, before) => {
        const id = before ?? net.newId();
        const lost = lostDraft(draft, id);
        if (lost.text) await of.drop({ change: 'write', emails: [], reason: 'forbidden', lost });
        return id;
      },
      send: (draft) => {
        // The mark on what was answered is a change of its own.
        const answers = may().write ? draft.answers : null;
        return made(may().send, () => changes.send({ ...draft, answers }));
      },
      takeBack: (id) => made(true, () => taking.run(id)),
      draftOf: (id) => told(() => taking.draftOf(id)),
      settle: (id, how) => made(how === 'forget' || may().send, () => changes.settle(id, how)),
      sync: () => told(() => engine.ask()),
      poke: () => engine.poke(),
      close() {
        isClosed = true;
        engine.close();
        works.close();
        kept.close();
        watchers.clear();
      },
    };
  });
}

/** Drafts alone are put away by those who may write nothing else. */
function isPuttingAway(kept: Kept, ids: string[], change: EmailChange): boolean {
  const away =
    change.kind === 'destroy' || (change.kind === 'move' && change.to === kept.roleId('trash'));
  const drafts = kept.roleId('drafts');
  return away && ids.every((id) => kept.shown.get(kept.resolve(id))?.boxes.includes(drafts));
}

function shownSending({ id, subject, to, state, heldUntilMs, refusal }: Sending): Sending {
  return { id, subject, to, state, heldUntilMs, refusal: refusal ?? null };
}

function inOrder(one: Mailbox, other: Mailbox): number {
  return one.sortOrder - other.sortOrder || one.name.localeCompare(other.name);
}
