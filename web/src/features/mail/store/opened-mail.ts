import type { Container } from '../container/index.ts';
import { type Mail, type Mailbox, MailFault, type Sending } from '../model.ts';
import { Absences } from './absences.ts';
import { Changes } from './changes.ts';
import { Delivery } from './delivery.ts';
import { Engine } from './engine.ts';
import { mailFault, told } from './faults.ts';
import { Files } from './files.ts';
import { HandIn } from './hand-in.ts';
import { Jmap, list } from './jmap.ts';
import { Kept } from './kept.ts';
import { Lists } from './lists.ts';
import type { MailNet } from './net.ts';
import { type Dropped, DroppedChanges, Outbox } from './outbox.ts';
import { People } from './people.ts';
import { isAsked } from './queue.ts';
import { Settings } from './settings.ts';
import { ASK_BODY, bodyOf } from './shapes.ts';
import { Sync } from './sync.ts';
import { TakeBack } from './take-back.ts';

export type OpenedMail = Mail & {
  /** Changes that the server did not take, since they were last forgotten. */
  dropped(): Dropped[];
  forgetDropped(): void;
  close(): void;
};

/** Opens a person's mail over an unlocked container. It goes on until it is closed or the container is locked. */
export async function openMail(container: Container, net: MailNet): Promise<OpenedMail> {
  return told(async () => {
    const kept = await Kept.open(container, net);
    const jmap = new Jmap(net);
    const watchers = new Set<() => void>();
    const tell = () => {
      for (const call of watchers) call();
    };
    kept.onChange(tell);
    const dropped = new DroppedChanges();
    const files = new Files(container, kept, jmap, net);
    const handIn = new HandIn(jmap, kept, files, net);
    const outbox = new Outbox(jmap, kept, handIn, (one) => {
      dropped.add(one);
      tell();
    });
    const sync = new Sync(container, jmap, kept, net);
    const delivery = await Delivery.open(container);
    const engine = new Engine(net, { jmap, kept, outbox, sync }, () => {
      tell();
      if (engine.line !== 'online') return;
      delivery.learn(jmap).then(
        (changed) => changed && tell(),
        () => undefined,
      );
    });
    const people = new People(container, jmap, kept, net);
    const absences = new Absences(container, jmap, net, tell);
    const settings = new Settings(jmap, kept);
    const lists = new Lists(container, jmap, kept, sync);
    const changes = new Changes(kept, files, net);
    const taking = new TakeBack(jmap, kept, changes, () => engine.ask());
    const online = () => engine.line !== 'offline' && net.isOnline();
    /** Kept here first; then it goes as soon as it can. */
    const made = <T>(work: () => Promise<T>) =>
      told(async () => {
        const result = await work();
        engine.poke();
        return result;
      });

    return {
      onChange(call) {
        watchers.add(call);
        return () => watchers.delete(call);
      },
      line: () => engine.line,
      syncedAtMs: () => kept.meta.syncedAtMs,
      waiting: () => kept.ops.filter(isAsked).length,
      sendings: () =>
        [...kept.sendings.values()].sort((one, other) => other.atMs - one.atMs).map(shownSending),
      leavesHouse: () => delivery.outside,
      dropped: () => dropped.all,
      forgetDropped: () => dropped.clear(),

      mailboxes: async () => kept.mailboxes().sort(inOrder),
      identities: async () => kept.folders.identities,
      list: (mailbox, skip, limit) => told(() => lists.ofMailbox(mailbox, skip, limit, online())),
      search: (words, mailbox, limit) =>
        told(async () => {
          if (!online()) return lists.here(words, mailbox, limit);
          try {
            return await lists.onServer(words, mailbox, limit);
          } catch (error) {
            if (mailFault(error).kind !== 'offline') throw error;
            return lists.here(words, mailbox, limit);
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

      change: (ids, change) => made(() => changes.change(ids, change)),
      createMailbox: (name, parentId = null) => made(() => settings.createMailbox(name, parentId)),
      changeMailbox: (id, change) => made(() => settings.changeMailbox(id, change)),
      destroyMailbox: (id) => made(() => settings.destroyMailbox(id)),
      people: (words, limit) => told(() => people.find(words, limit, online())),
      absence: () => told(() => absences.get(online())),
      setAbsence: (absence) => told(() => absences.set(absence)),
      setSignature: (id, signature) => told(() => settings.setSignature(id, signature)),
      saveDraft: (draft) => made(() => changes.saveDraft(draft)),
      send: (draft) => made(() => changes.send(draft)),
      takeBack: (id) => made(() => taking.run(id)),
      draftOf: (id) => told(() => taking.draftOf(id)),
      settle: (id, how) => made(() => changes.settle(id, how)),
      sync: () => told(() => engine.ask()),
      close() {
        engine.close();
        kept.close();
        watchers.clear();
      },
    };
  });
}

function shownSending({ id, subject, to, state, heldUntilMs, refusal }: Sending): Sending {
  return { id, subject, to, state, heldUntilMs, refusal: refusal ?? null };
}

function inOrder(one: Mailbox, other: Mailbox): number {
  return one.sortOrder - other.sortOrder || one.name.localeCompare(other.name);
}
