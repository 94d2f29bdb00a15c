import { type BlobFiles, FolderFiles, RowFiles } from './blob-files.ts';
import { BlobStore, PIECE_BYTES } from './blob-store.ts';
import { type Browser, thisBrowser } from './browser.ts';
import type { Bytes } from './bytes.ts';
import { Database } from './database.ts';
import { ContainerFault, isFault } from './fault.ts';
import { Header, verified } from './header.ts';
import { deriveKeys } from './keys.ts';
import { checkPageBuild } from './page-build.ts';
import type { Policy, SignedPolicy } from './policy.ts';
import { type Authenticator, closeShare, OfflineKeeper } from './prf.ts';
import { RecordStore, type State } from './record-store.ts';
import { SearchIndex } from './search/search-index.ts';
import { Session } from './session.ts';
import type { ShareKeeper } from './share.ts';
import { type Cost, DEFAULT_COST } from './stretch.ts';
import { newDataKey, unwrap, type WrapHead, wrap } from './wrap.ts';

const LINE = 'fernamt-container';
/** Other tabs need not hear of each key that is pressed. */
const TOUCH_EVERY_MS = 10_000;

/** The generation that the server was told last; offline nobody knows. */
type Known = number | 'offline';

type Said = 'lock' | 'idle' | 'touch' | 'wiped';

export type ContainerState = 'none' | 'locked' | 'unlocked';

/**
 * Whether it may be opened without the server: never set up here, not any more since the time is over, or by the
 * authenticator.
 */
export type Offline = 'none' | 'over' | 'ready';

/**
 * Why a tab locked: asked to here or in another tab, nobody did anything for long, its page was frozen or left, or the
 * time without the server is over.
 */
export type LockCause = 'asked' | 'elsewhere' | 'idle' | 'left' | 'over';

export type Creation = {
  passphrase: string;
  keeper: ShareKeeper;
  /** This device, as the server calls it. */
  device: string;
  /** What policies are signed with (SPKI of a P-256 key). Bound to the container for good. */
  policyKey: Bytes;
  policy: SignedPolicy;
  cost?: Cost;
};

export type Unlocking = {
  passphrase: string;
  keeper: ShareKeeper;
  /** The policy of now; without it the one that was kept last holds. */
  policy?: SignedPolicy;
  /** The generation that the server was told last. An older disk does not unlock. */
  lastGeneration?: number;
};

export type OfflineUnlocking = { passphrase: string; authenticator: Authenticator };

export type PassphraseChange = {
  before: string;
  after: string;
  keeper: ShareKeeper;
  cost?: Cost;
};

/**
 * A sealed store in this browser: records, attachments and a search over them. Unlocked in a tab, its keys are in that
 * tab's memory; locked, they are nowhere.
 */
export class Container {
  readonly records: RecordStore;
  readonly blobs: BlobStore;
  readonly search: SearchIndex;
  readonly #browser: Browser;
  readonly #session: Session;
  readonly #database: Database;
  readonly #header: Header;
  readonly #line: ReturnType<Browser['line']>;
  readonly #stopLeaving: () => void;
  readonly #watchers = new Set<() => void>();
  #files: Promise<BlobFiles> | undefined;
  #policy: Policy | undefined;
  #lockCause: LockCause | null = null;
  #toldMs = 0;

  constructor(browser: Browser = thisBrowser()) {
    this.#browser = browser;
    this.#session = new Session(browser.clock);
    this.#database = new Database(browser.indexedDB, () => this.#drop());
    this.#header = new Header(this.#database);
    this.records = new RecordStore(this.#session, this.#database, browser.turns);
    const shards = new RecordStore(this.#session, this.#database, browser.turns, 'search');
    this.search = new SearchIndex(this.#session, shards, browser.turns);
    const files = () => this.#blobFiles();
    this.blobs = new BlobStore(this.#session, this.records, files, browser.turns);
    this.#line = browser.line(LINE);
    this.#line.listen((said) => this.#hear(said));
    // A frozen or left page may be written to the disk as it is. Other tabs go on.
    this.#stopLeaving = browser.onLeave(() => this.#drop('left'));
    // Read while there is a line; what fails here is told when it is needed.
    browser.pageBuild().catch(() => undefined);
  }

  async state(): Promise<ContainerState> {
    if (this.#session.isOpen) return 'unlocked';
    return (await this.#header.wrapped()) ? 'locked' : 'none';
  }

  /** What holds while it is unlocked. */
  get policy(): Policy | undefined {
    return this.#session.isOpen ? this.#policy : undefined;
  }

  /** Why this tab locked last; null where it was not unlocked before. */
  get lockCause(): LockCause | null {
    return this.#lockCause;
  }

  /** Makes an empty container in place of whatever was there, and unlocks it. */
  async create({ passphrase, keeper, device, policyKey, policy, cost }: Creation): Promise<void> {
    const wanted = await verified(policy, { device, policyKey });
    await checkPageBuild(this.#browser, policyKey);
    const share = await keeper.release();
    await this.#clear();
    const dataKey = newDataKey();
    try {
      const secrets = { passphrase, share, stretch: this.#browser.stretch };
      const wrapped = await wrap(
        dataKey,
        { device, policyKey, cost: cost ?? DEFAULT_COST },
        secrets,
      );
      await this.#enter(dataKey, wanted, () => ({
        generation: 0,
        policySerial: wanted.serial,
        seenMs: this.#browser.clock.now(),
      }));
      await this.#header.keep('policy', policy);
      // Last: without it there is no container.
      await this.#header.keep('wrap', wrapped);
    } catch (error) {
      this.#drop();
      throw error;
    } finally {
      share.fill(0);
      dataKey.fill(0);
    }
    await told(keeper);
  }

  /** Opens it with the share that the server releases. */
  async unlock({ passphrase, keeper, policy, lastGeneration = 0 }: Unlocking): Promise<void> {
    const { wrapped, head } = await this.#header.closed();
    const held = policy ?? (await this.#header.policy());
    const wanted = await verified(held, head);
    await this.#open(passphrase, keeper, wrapped, head, wanted, lastGeneration);
    if (policy) await this.#header.keepPolicy(policy, wanted);
    await told(keeper);
  }

  /** Opens it without the server, as long as the policy that was kept last grants it. */
  async unlockOffline({ passphrase, authenticator }: OfflineUnlocking): Promise<void> {
    const { wrapped, head } = await this.#header.closed();
    const policy = await verified(await this.#header.policy(), head);
    const kept = await this.#header.offlineShare();
    if (!kept) throw new ContainerFault('expired');
    const now = () => this.#browser.clock.now();
    const keeper = new OfflineKeeper(kept, policy, authenticator, now);
    await this.#open(passphrase, keeper, wrapped, head, policy, 'offline');
  }

  /** Whether it can be opened without the server, as far as is known before it is. */
  async offline(): Promise<Offline> {
    if (!(await this.#header.offlineShare())) return 'none';
    const { head } = await this.#header.closed();
    const { offline_until_ms: until } = await verified(await this.#header.policy(), head);
    return isAhead(until, this.#browser.clock.now()) ? 'ready' : 'over';
  }

  /** Whether the policy in force lets it be opened without the server at this moment. */
  get grantsOffline(): boolean {
    return isAhead(this.policy?.offline_until_ms ?? null, this.#browser.clock.now());
  }

  /** Takes a newer policy while it is open. What is not granted any more is forgotten. */
  async renew(policy: SignedPolicy): Promise<void> {
    this.#session.check();
    const serial = this.#policy?.serial ?? 0;
    const wanted = await verified(policy, (await this.#header.closed()).head);
    if (wanted.serial <= serial) return;
    await this.records.remember((state) => checked(state, wanted, 0, 0));
    await this.#header.keepPolicy(policy, wanted);
    this.#session.check();
    this.#policy = wanted;
    this.#session.lockAfter(wanted.idle_min);
    this.#tell();
  }

  /** Hears of a policy while it is locked: one that never opens it without the server is heeded at once. */
  heed(policy: SignedPolicy): Promise<void> {
    return this.#header.heed(policy);
  }

  /** Keeps the share on this device, closed by its authenticator. Whether and how long it serves is the policy's. */
  async allowOffline(
    keeper: ShareKeeper,
    credential: Bytes,
    authenticator: Authenticator,
  ): Promise<void> {
    this.#session.check();
    const { head } = await this.#header.closed();
    const share = await keeper.release();
    try {
      const kept = await closeShare(share, credential, head.device, authenticator);
      await this.#header.keep('offline share', kept);
    } finally {
      share.fill(0);
    }
    await told(keeper);
  }

  async forbidOffline(): Promise<void> {
    await this.#header.forgetOfflineShare();
  }

  /** Wraps the data key anew. Nothing else is touched, so it takes no longer than unlocking. */
  async changePassphrase({ before, after, keeper, cost }: PassphraseChange): Promise<void> {
    const { wrapped, head } = await this.#header.closed();
    const { stretch } = this.#browser;
    const share = await keeper.release();
    try {
      const dataKey = await unwrap(wrapped, { passphrase: before, share, stretch });
      try {
        const about = { ...head, cost: cost ?? DEFAULT_COST };
        const secrets = { passphrase: after, share, stretch };
        await this.#header.keep('wrap', await wrap(dataKey, about, secrets));
      } finally {
        dataKey.fill(0);
      }
    } finally {
      share.fill(0);
    }
    await told(keeper);
  }

  /** The person did something: the time until locking begins anew, in all tabs. */
  touch(): void {
    this.#session.touch();
    if (!this.#session.isOpen) return;
    const now = this.#browser.clock.now();
    if (now - this.#toldMs < TOUCH_EVERY_MS) return;
    this.#toldMs = now;
    this.#say('touch');
  }

  /** Drops keys and caches, in all tabs. */
  lock(cause: LockCause = 'asked'): void {
    this.#drop(cause);
    this.#say('lock');
  }

  /** Deletes the container with everything in it, and what service workers kept. */
  async wipe(): Promise<void> {
    await this.#clear();
    await this.#browser.clearCaches();
  }

  /** Calls back when it was unlocked, locked or wiped, here or elsewhere. */
  onChange(call: () => void): () => void {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }

  /** For the end of the page, and for tests. */
  async close(): Promise<void> {
    this.#drop();
    this.#stopLeaving();
    this.#line.close();
    await this.#database.close();
  }

  /** The wrapped key goes first: should the rest fail, nothing of it can be opened any more. */
  async #clear(): Promise<void> {
    this.#drop();
    this.#say('wiped');
    await this.#header.clear();
    this.#files = undefined;
    const folder = await this.#browser.folder();
    const ends = await Promise.allSettled([
      folder && FolderFiles.destroy(folder),
      this.#database.destroy(),
    ]);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
    this.#tell();
  }

  async #open(
    passphrase: string,
    keeper: ShareKeeper,
    wrapped: Bytes,
    { policyKey }: WrapHead,
    policy: Policy,
    known: Known,
  ): Promise<void> {
    // First: a share that is released and opens nothing counts as a wrong passphrase.
    await checkPageBuild(this.#browser, policyKey).catch((error: unknown) => {
      // Without a line the page came from what is kept: where its list is missing, that is not whole.
      const isTorn = known === 'offline' && isFault(error, 'offline');
      throw isTorn ? new ContainerFault('altered_page') : error;
    });
    const share = await keeper.release();
    try {
      const { stretch } = this.#browser;
      const dataKey = await unwrap(wrapped, { passphrase, share, stretch });
      try {
        const now = this.#browser.clock.now();
        await this.#enter(dataKey, policy, (state) => checked(state, policy, known, now));
      } finally {
        dataKey.fill(0);
      }
    } finally {
      share.fill(0);
    }
  }

  /** Unlocked from here on, unless the state inside speaks against it. */
  async #enter(
    dataKey: Bytes,
    policy: Policy,
    next: (state: State | undefined) => State,
  ): Promise<void> {
    const { clock, turns } = this.#browser;
    const keys = await deriveKeys(dataKey);
    // Looked at in private: until it fits, nobody else gets to the records.
    const looking = new Session(clock);
    looking.open(keys, policy.idle_min, () => looking.close());
    await new RecordStore(looking, this.#database, turns).remember(next);
    looking.close();
    this.#policy = policy;
    this.#lockCause = null;
    this.#session.open(keys, policy.idle_min, () => {
      this.#drop('idle');
      this.#say('idle');
    });
    this.#tell();
    // What is left over of a broken off writing takes room and nothing else: nobody waits for it.
    this.blobs.removeOrphans().catch(() => undefined);
  }

  #blobFiles(): Promise<BlobFiles> {
    this.#files ??= filesIn(this.#browser, this.#database);
    return this.#files;
  }

  #hear(said: unknown): void {
    if (said === 'touch') this.#session.touch();
    if (said === 'lock' || said === 'wiped') this.#drop('elsewhere');
    if (said === 'idle') this.#drop('idle');
    if (said === 'wiped') {
      this.#files = undefined;
      this.#database.close();
    }
  }

  #say(said: Said): void {
    this.#line.send(said);
  }

  /** Locks this tab. */
  #drop(cause?: LockCause): void {
    this.#session.close();
    if (cause && this.#policy) this.#lockCause = cause;
    this.#policy = undefined;
    this.#tell();
  }

  #tell(): void {
    for (const call of this.#watchers) call();
  }
}

/** It is open all the same; at worst the server counts one wrong passphrase too many. */
function told(keeper: ShareKeeper): Promise<void> {
  return keeper.opened().catch(() => undefined);
}

function isAhead(until: number | null, now: number): boolean {
  return until !== null && now < until;
}

async function filesIn(browser: Browser, database: Database): Promise<BlobFiles> {
  const folder = await browser.folder();
  return folder ? new FolderFiles(folder, PIECE_BYTES) : new RowFiles(database);
}

/** Whether what lies inside is as new as what is known of it; then it becomes the next state. */
function checked(state: State | undefined, policy: Policy, known: Known, now: number): State {
  if (!state) throw new ContainerFault('damaged');
  if (known !== 'offline' && state.generation < known) throw new ContainerFault('rolled_back');
  if (policy.serial < state.policySerial) throw new ContainerFault('altered_policy');
  // Offline nobody else tells the time. A clock that was set back gains no longer period.
  if (known === 'offline' && now < state.seenMs) throw new ContainerFault('clock_behind');
  return { ...state, policySerial: policy.serial, seenMs: Math.max(state.seenMs, now) };
}
