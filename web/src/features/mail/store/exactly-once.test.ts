// @vitest-environment node
import { expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { TestFolder } from '../container/folder.fixture.ts';
import type { Draft } from '../model.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { type Fate, type Opened, TestDevice } from './net.fixture.ts';

vi.setConfig({ testTimeout: 120_000 });

const SECOND_MS = 1_000;
const STEPS = 60;
/** CI repeats these. */
const SEEDS = 8;
/** `cargo xtask fuzz mail_offline_queue` goes on with new seeds for this long; `FUZZ_SEED` repeats one. */
const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS ?? 0);
const FUZZ_SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const BOXES = ['mbx-inbox', 'mbx-drafts', 'mbx-sent', 'mbx-archive', 'mbx-junk', 'mbx-trash'];

/** What the person may rely on: what was acknowledged here. */
type Promised = {
  sent: Set<string>;
  /** Handed over while the tab was killed: nobody said yes or no. */
  perhaps: Set<string>;
  back: Set<string>;
  /** Drafts by the id that the page knows, with the newest subject. */
  drafts: Map<string, string>;
};

for (let seed = 1; seed <= SEEDS; seed += 1) {
  test(`everything is sent once, and both sides end alike, whatever is lost and killed (${seed})`, () =>
    story(seed));
}

test.runIf(FUZZ_SECONDS > 0)(
  'so it is with seeds that nobody tried before',
  async () => {
    const end = performance.now() + FUZZ_SECONDS * SECOND_MS;
    let seed = FUZZ_SEED;
    do {
      await story(seed).catch((cause: unknown) => {
        throw new Error(`FUZZ_SEED=${seed} breaks it`, { cause });
      });
      seed += 1;
    } while (performance.now() < end);
    process.stdout.write(
      `${seed - FUZZ_SEED} executions of ${STEPS} steps, the first by seed ${FUZZ_SEED}\n`,
    );
  },
  (FUZZ_SECONDS + 120) * SECOND_MS,
);

async function story(seed: number): Promise<void> {
  const dice = seeded(seed);
  const below = (count: number) => Math.floor(dice() * count);
  const profile = new TestProfile();
  profile.folder = new TestFolder().asHandle();
  const server = new FakeJmapServer(() => profile.clock.now());
  for (let number = 0; number < 12; number += 1) server.arrive({ subject: `Akte ${number}` });
  const device = new TestDevice(profile, server);
  const promised: Promised = {
    sent: new Set(),
    perhaps: new Set(),
    back: new Set(),
    drafts: new Map(),
  };
  let online = true;
  let bad = 0;
  const fate = (): Fate => {
    const roll = dice();
    if (roll < bad) return 'lost answer';
    if (roll < bad * 1.3) return 'late';
    return roll < bad * 1.6 ? 'lost request' : 'fine';
  };
  const prepare: Parameters<TestDevice['open']>[0] = (net) => {
    net.online = online;
    net.fate = fate;
    net.lateArrives = () => dice() < 0.5;
  };
  let tab = await device.open(prepare);
  await tab.mail.sync();
  let number = 0;

  for (let step = 0; step < STEPS; step += 1) {
    const { mail } = tab;
    const shown = [...(await everything(tab)).keys()];
    const inbox = server.contents().map((one) => (one as string[])[0] ?? '');
    const some = shown[below(shown.length)] ?? '';
    number += 1;
    switch (below(14)) {
      case 0:
        await mail.change([some], { kind: 'keyword', keyword: 'flagged', on: dice() < 0.5 });
        break;
      case 1:
        await mail.change([some], { kind: 'keyword', keyword: 'seen', on: dice() < 0.5 });
        break;
      case 2:
        // What the model counts on stays where it finds it.
        if (isFile(server, some)) {
          await mail.change([some], { kind: 'move', from: null, to: 'mbx-archive' });
        }
        break;
      case 3:
        if (isFile(server, some)) await mail.change([some], { kind: 'destroy' });
        break;
      case 4:
      case 5: {
        const subject = `Sendung ${number}`;
        promised.sent.add(subject);
        await mail.send(draft({ subject }));
        break;
      }
      case 6: {
        const known = [...promised.drafts.keys()];
        const id = dice() < 0.5 ? (known[below(known.length)] ?? null) : null;
        const subject = `Entwurf ${number}`;
        const saved = await mail.saveDraft(draft({ id, subject }));
        if (id !== null) promised.drafts.delete(id);
        promised.drafts.set(saved, subject);
        break;
      }
      case 7: {
        // A draft becomes a message.
        const [id, subject] = [...promised.drafts].at(below(promised.drafts.size)) ?? [];
        if (id === undefined || subject === undefined) break;
        promised.drafts.delete(id);
        promised.sent.add(subject);
        await mail.send(draft({ id, subject }));
        break;
      }
      case 8: {
        const open = mail.sendings().filter(({ state }) => ['waiting', 'held'].includes(state));
        const one = open[below(open.length)];
        if (!one) break;
        const taken = await mail.takeBack(one.id).catch(() => undefined);
        if (taken) {
          promised.sent.delete(one.subject);
          promised.perhaps.delete(one.subject);
          promised.back.add(one.subject);
        } else if (taken === undefined) {
          // Nobody said whether it was taken back.
          promised.sent.delete(one.subject);
          promised.perhaps.add(one.subject);
        }
        break;
      }
      case 9: {
        const files = inbox.filter((id) => isFile(server, id));
        const id = files[below(files.length)] ?? '';
        const what = below(4);
        if (what === 0) server.arrive({ subject: `Akte ${number} von dort` });
        else if (id !== '' && what === 1) server.mark(id, '$seen', dice() < 0.5);
        else if (id !== '' && what === 2) server.move(id, 'mbx-junk');
        else if (id !== '') server.destroy(id);
        break;
      }
      case 10:
        online = dice() < 0.7;
        tab.net.online = online;
        bad = dice() < 0.5 ? 0.3 : 0;
        break;
      case 11:
        if (dice() < 0.5) server.killAfter = below(4);
        await mail.sync().catch(() => undefined);
        break;
      case 12: {
        // Killed in the middle of whatever it does.
        void mail.sync().catch(() => undefined);
        if (dice() < 0.3) {
          const subject = `Sendung ${number}`;
          promised.perhaps.add(subject);
          void mail.send(draft({ subject })).catch(() => undefined);
        }
        for (let turns = below(60); turns > 0; turns -= 1) await turn();
        await tab.kill();
        tab = await device.open(prepare);
        break;
      }
      default:
        profile.clock.advance(below(15) * SECOND_MS);
        server.deliver();
    }
  }

  online = true;
  bad = 0;
  server.killAfter = null;
  tab.net.online = true;
  while (server.late.length > 0) await server.takeLate();
  for (let rounds = 0; rounds < 3; rounds += 1) await tab.mail.sync();
  profile.clock.advance(20 * SECOND_MS);
  server.deliver();
  for (let rounds = 0; rounds < 2; rounds += 1) await tab.mail.sync();

  const sent = server.submissions
    .filter(({ undoStatus }) => undoStatus === 'final')
    .map(({ subject }) => subject);
  expect(tab.mail.waiting()).toBe(0);
  expect(new Set(sent).size, 'nothing is sent twice').toBe(sent.length);
  for (const subject of promised.sent) expect(sent).toContain(subject);
  for (const subject of promised.back) expect(sent).not.toContain(subject);
  for (const subject of sent) {
    expect(promised.sent.has(subject) || promised.perhaps.has(subject), subject).toBe(true);
  }
  for (const { state, subject } of tab.mail.sendings()) {
    const expected = sent.includes(subject) ? 'sent' : 'taken_back';
    expect([subject, state]).toEqual([subject, expected]);
  }
  const drafts = [...server.emails.values()]
    .filter(({ keywords }) => keywords.has('$draft'))
    .map(({ subject }) => subject)
    .filter((subject) => !promised.perhaps.has(subject));
  expect(drafts.sort()).toEqual([...promised.drafts.values(), ...promised.back].sort());
  expect([...(await everything(tab)).values()].sort()).toEqual(server.contents());
  await tab.kill();
}

/** What the tab shows of all folders, in the form of the server's contents. */
async function everything({ mail }: Opened): Promise<Map<string, unknown[]>> {
  const all = new Map<string, unknown[]>();
  for (const box of BOXES) {
    for (const { newest } of (await mail.list(box, 0, 200)).items) {
      const { id, mailboxIds, seen, flagged, draft, subject } = newest;
      const words = [seen && '$seen', flagged && '$flagged', draft && '$draft'];
      all.set(id, [id, mailboxIds, words.filter((word) => word !== false).sort(), subject]);
    }
  }
  return all;
}

function isFile(server: FakeJmapServer, id: string): boolean {
  return server.emails.get(id)?.subject.startsWith('Akte') ?? false;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function draft(given: Partial<Draft>): Draft {
  return {
    id: null,
    identityId: 'idn-1',
    to: [{ name: null, email: 'ben@amt.example' }],
    cc: [],
    bcc: [],
    subject: '',
    text: 'Guten Tag',
    html: null,
    attachments: [],
    inReplyTo: null,
    references: [],
    answers: null,
    ...given,
  };
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
