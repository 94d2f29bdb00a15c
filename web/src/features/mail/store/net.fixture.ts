import type { TestProfile } from '../container/browser.fixture.ts';
import { Container } from '../container/index.ts';
import { CHEAP, DEVICE, TestKeeper, TestSigner } from '../container/secrets.fixture.ts';
import type { FakeJmapServer } from './jmap-server.fixture.ts';
import type { MailNet, States } from './net.ts';
import { type OpenedPost, openPost } from './post.ts';
import type { Wish } from './sync-times.ts';

const PASSPHRASE = 'Linde-Fluss-27';

/** What becomes of a request on its way. One that is late reaches the server when nobody waits for it any more. */
export type Fate = 'fine' | 'lost request' | 'lost answer' | 'late';

/** The line of one tab to the server, which loses what it is told to. */
export class TestNet implements MailNet {
  readonly clock;
  readonly turns;
  readonly line;
  wish?: Wish;
  online = true;
  /** The tab was killed: what still runs of it reaches nobody. */
  dead = false;
  fate: (path: string, body: string) => Fate = () => 'fine';
  /** Whether a request that is late arrives behind this one. */
  lateArrives = () => true;
  pushes: { heard(states: States, account?: string): void; ended(): void; cut(): void }[] = [];
  pushed = 0;
  readonly #server: FakeJmapServer;
  readonly #wakers = new Set<() => void>();
  readonly #name: string;
  #ids = 0;

  constructor(profile: TestProfile, server: FakeJmapServer, name: string) {
    const { clock, turns, line } = profile.tab();
    this.clock = clock;
    this.turns = turns;
    this.line = line;
    this.#server = server;
    this.#name = name;
  }

  async fetch(path: string, init?: RequestInit): Promise<Response> {
    if (this.dead) return new Promise(() => {});
    const fate = this.online ? this.fate(path, String(init?.body ?? '')) : 'lost request';
    if (fate === 'late') this.#server.late.push(init ? [path, init] : [path]);
    if (fate === 'late' || fate === 'lost request') throw new TypeError('no line');
    const response = await this.#server.fetch(path, init);
    if (this.lateArrives()) await this.#server.takeLate();
    if (this.dead) return new Promise(() => {});
    if (fate === 'lost answer') throw new TypeError('the line broke');
    return response;
  }

  isOnline(): boolean {
    return this.online;
  }

  onWake(call: () => void): () => void {
    this.#wakers.add(call);
    return () => this.#wakers.delete(call);
  }

  wake(): void {
    for (const call of this.#wakers) call();
  }

  push(
    _path: string,
    heard: (account: string, states: States) => void,
    ended: () => void,
    cut: () => void,
  ): () => void {
    this.pushed += 1;
    const of = (states: States, account = this.#server.account) => heard(account, states);
    const push = { heard: of, ended, cut };
    this.pushes.push(push);
    return () => {
      this.pushes = this.pushes.filter((one) => one !== push);
    };
  }

  newId(): string {
    this.#ids += 1;
    return `${this.#name}-${this.#ids}`;
  }
}

/** A device with a container, on which mail is opened, killed and opened again. */
export class TestDevice {
  readonly profile: TestProfile;
  readonly server: FakeJmapServer;
  readonly #keeper = new TestKeeper();
  #made = false;
  #opened = 0;

  constructor(profile: TestProfile, server: FakeJmapServer) {
    this.profile = profile;
    this.server = server;
  }

  async open(prepare: (net: TestNet) => void = () => {}) {
    this.#opened += 1;
    const container = new Container(this.profile.tab());
    if (this.#made) {
      await container.unlock({ passphrase: PASSPHRASE, keeper: this.#keeper });
    } else {
      const signer = await TestSigner.start();
      await container.create({
        passphrase: PASSPHRASE,
        keeper: this.#keeper,
        device: DEVICE,
        policyKey: signer.publicKey,
        policy: await signer.sign({ idle_min: 600 }),
        cost: CHEAP,
      });
      this.#made = true;
    }
    const net = new TestNet(this.profile, this.server, `tab${this.#opened}`);
    prepare(net);
    const post = await openPost(container, net);
    return { post, mail: post.own, net, container, kill: () => kill(post, net, container) };
  }
}

export type Opened = Awaited<ReturnType<TestDevice['open']>>;

/** As if the tab's process ended: it reaches neither the server nor the disk any more. */
async function kill(post: OpenedPost, net: TestNet, container: Container): Promise<void> {
  net.dead = true;
  const closed = container.close();
  post.close();
  await closed;
}
