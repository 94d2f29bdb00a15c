import type { Container, Cost, Offline, Registrar } from '../features/mail/container/index.ts';
import { OfflineAccess, OWN } from './offline-access.ts';
import { type Refusal, Refused, refusalOf } from './refusal.ts';
import { type ContainerServer, keeperOf } from './server.ts';
import type { Office, Standing } from './standing.ts';
import { type Emptied, type Event, next, START, type State } from './state.ts';

/** So often an open page asks whether it may stay open, and tells how far the container is. */
const CONTACT_MS = 15_000;
/** Without a line, or while the control desk decides, the page looks again by itself. */
const RETRY_MS = 5_000;
const OFFICE = 'office';

type Clock = { after(ms: number, call: () => void): () => void };

type Parts = {
  container: Container;
  server: ContainerServer;
  clock: Clock;
  authenticator: Registrar;
  /** The container's deletion takes what the service worker kept with it: the page itself is to be kept again. */
  keepPage?: () => void;
  /** Loads the server's page in place of the one that this browser keeps; `false` where there is no server. */
  renewPage?: () => Promise<boolean>;
  /** What a guess costs; the container's own default, unless said. */
  cost?: Cost;
};

/** Brings the container, the server and what the page shows together. */
export class PostShell {
  readonly container: Container;
  readonly offline: OfflineAccess;
  readonly #authenticator: Registrar;
  readonly #server: ContainerServer;
  readonly #clock: Clock;
  readonly #keepPage: () => void;
  readonly renewPage: () => Promise<boolean>;
  readonly #cost: Cost | undefined;
  readonly #listeners = new Set<() => void>();
  #state: State = START;
  #callOff = () => {};
  #told = -1;
  /** An answer that is overtaken by a later question counts for nothing. */
  #round = 0;
  /** While this tab makes, opens or deletes, what the container says of itself is no news. */
  #acting = false;

  constructor(parts: Parts) {
    const { container, server, clock, authenticator, cost } = parts;
    this.container = container;
    this.#authenticator = authenticator;
    this.offline = new OfflineAccess(container, () => this.#keeper, authenticator);
    this.#server = server;
    this.#clock = clock;
    this.#keepPage = parts.keepPage ?? (() => {});
    this.renewPage = parts.renewPage ?? (async () => false);
    this.#cost = cost;
    container.onChange(() => void this.#containerChanged());
  }

  readonly state = (): State => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Asks the server and the disk how it stands. */
  async ask(emptied: Emptied | null = null): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    this.#on({ type: 'asks', locked: 'locked' in this.#state ? this.#state.locked : null });
    try {
      const standing = await this.#server.standing();
      let why = emptied;
      if (!standing.share.exists && (await this.container.state()) === 'locked') {
        await this.#clearDisk();
        why = 'wiped_by_desk';
      }
      const container = await this.container.state();
      // What is not granted any more is gone before anything is opened, or where nothing is.
      if (container === 'locked') await this.container.heed(standing.policy);
      if (round === this.#round) this.#on({ type: 'found', standing, container, emptied: why });
    } catch (error) {
      if (round === this.#round) await this.#refused(refusalOf(error));
    }
  }

  /** Makes an empty container with a share of its own. */
  async create(passphrase: string): Promise<void> {
    const state = this.#state;
    if (state.at !== 'new' || state.working) return;
    await this.#act(async () => {
      // Another tab may have been faster.
      if ((await this.container.state()) !== 'none') throw new Refused({ kind: 'share_exists' });
      const { standing } = state;
      const share = await this.#server.newShare(standing.share.exists);
      try {
        await this.container.create({
          passphrase,
          keeper: keeperOf(this.#server, this.#generation, async () => share),
          device: standing.device,
          policyKey: standing.policyKey,
          policy: standing.policy,
          ...(this.#cost && { cost: this.#cost }),
        });
      } catch (error) {
        // A share without a container would look as if the browser had lost one.
        await this.#server.forgetShare().catch(() => undefined);
        throw error;
      }
      return standing;
    });
  }

  /** The person agrees to the terms of use that are shown. */
  async acceptTerms(): Promise<void> {
    const state = this.#state;
    if (state.at !== 'terms' || state.working) return;
    this.#on({ type: 'works' });
    try {
      await this.#server.acceptTerms(state.standing.terms.version);
    } catch (error) {
      await this.#refused(refusalOf(error));
      return;
    }
    await this.ask();
  }

  async unlock(passphrase: string): Promise<void> {
    const state = this.#state;
    if (state.at !== 'locked' || state.working) return;
    await this.#act(async () => {
      const { standing } = state;
      await this.container.unlock({
        passphrase,
        keeper: this.#keeper,
        policy: standing.policy,
        lastGeneration: standing.share.generation,
      });
      return standing;
    });
  }

  /** Without a line, with the person's authenticator. */
  async unlockOffline(passphrase: string): Promise<void> {
    const state = this.#state;
    if (state.at !== 'locked_offline' || state.working) return;
    const authenticator = this.#authenticator;
    await this.#act(async () => {
      await this.container.unlockOffline({ passphrase, authenticator });
      return null;
    });
  }

  lock(): void {
    this.container.lock();
  }

  /** Deletes this device's container, here and its share on the server. Without a line the server forgets later. */
  async wipe(): Promise<void> {
    this.#acting = true;
    // What shows mail is gone before the mail is.
    this.#on({ type: 'asks', locked: null });
    try {
      await this.#server.forgetShare().catch(() => undefined);
      await this.#clearDisk();
    } finally {
      this.#acting = false;
    }
    await this.ask('wiped_here');
  }

  /** Throws `Refused` with why not; the dialog that asked says it. */
  async changePassphrase(before: string, after: string): Promise<void> {
    try {
      await this.container.changePassphrase({
        before,
        after,
        keeper: this.#keeper,
        ...(this.#cost && { cost: this.#cost }),
      });
    } catch (error) {
      throw new Refused(refusalOf(error));
    }
  }

  /** Asks while it is open whether it may stay so; also called when the page comes to the front or the line is back. */
  async contact(): Promise<void> {
    if (this.#state.at === 'no_line') return this.ask();
    if (this.#state.at === 'locked_offline') return this.#askQuietly();
    if (this.#state.at !== 'unlocked') return;
    try {
      const standing = await this.#server.standing();
      if (!standing.share.exists) {
        await this.#wipedElsewhere();
        return;
      }
      const generation = await this.#generation();
      if (generation > this.#told) await this.#server.opened(generation);
      this.#told = generation;
      await this.container.renew(standing.policy);
      if (this.#state.at === 'unlocked' && this.#state.isOffline) {
        // With a line it would not have opened.
        if (standing.phonesRefused) await this.#refused({ kind: 'device', is: 'phone' });
        else this.#on({ type: 'opened', standing });
      }
    } catch (error) {
      const refusal = refusalOf(error);
      // Several parts of the page may have asked at once.
      if (this.#state.at !== 'unlocked') return;
      const isOver = this.#state.isOffline && !this.container.grantsOffline;
      if (refusal.kind === 'no_line' && isOver) this.container.lock('over');
      if (refusal.kind === 'signed_out' || refusal.kind === 'device') await this.#refused(refusal);
    }
  }

  get #keeper() {
    return keeperOf(this.#server, this.#generation);
  }

  readonly #generation = async (): Promise<number> => {
    return (await this.container.records.state()).generation;
  };

  /** `null`: it was opened without a line, so what was kept of the office is shown. */
  async #act(work: () => Promise<Standing | null>): Promise<void> {
    this.#acting = true;
    this.#on({ type: 'works' });
    let refusal: Refusal | undefined;
    try {
      const standing = await work();
      this.#told = -1;
      const office = standing ? await this.#keepOffice(standing) : await this.#keptOffice();
      this.#on({ type: 'opened', standing: office, isOffline: standing === null });
    } catch (error) {
      refusal = refusalOf(error);
    } finally {
      this.#acting = false;
    }
    if (refusal) await this.#refused(refusal);
    else await this.#containerChanged();
  }

  async #refused(refusal: Refusal): Promise<void> {
    const state = this.#state;
    // Whoever is not signed in any more, or not approved, has nothing open before their eyes.
    if (state.at === 'unlocked') {
      this.#on({ type: 'refused', refusal, container: 'unlocked' });
      this.container.lock();
    }
    const isBlocked = refusal.kind === 'device' && refusal.is === 'blocked';
    if (isBlocked && (await this.container.state()) !== 'none') await this.#clearDisk();
    if (refusal.kind === 'signed_out' && state.at === 'unlocked') return;
    const container = await this.container.state();
    const offline = container === 'locked' ? await this.#offline() : 'none';
    this.#on({ type: 'refused', refusal, container, offline });
    const again = ['terms', 'no_share', 'share_exists', 'no_container'];
    if (again.includes(refusal.kind)) await this.ask();
  }

  /** What cannot be believed opens nowhere without a line. */
  #offline(): Promise<Offline> {
    return this.container.offline().catch(() => 'none');
  }

  async #keepOffice({ person, office, mainOrigin, minCharacters }: Standing): Promise<Office> {
    const shown = { person, office, mainOrigin, minCharacters };
    const kept = (await this.container.records.get(OWN, OFFICE))?.value;
    if (JSON.stringify(kept) !== JSON.stringify(shown)) {
      await this.container.records.put(OWN, OFFICE, shown);
    }
    return shown;
  }

  async #keptOffice(): Promise<Office> {
    const kept = await this.container.records.get(OWN, OFFICE);
    if (!kept) throw new Refused({ kind: 'unexpected', detail: 'the office is not kept' });
    return kept.value as Office;
  }

  async #wipedElsewhere(): Promise<void> {
    await this.#clearDisk();
    await this.ask('wiped_by_desk');
  }

  async #clearDisk(): Promise<void> {
    const before = this.#acting;
    this.#acting = true;
    try {
      await this.container.wipe();
    } finally {
      this.#acting = before;
    }
    this.#keepPage();
  }

  /** It was locked or deleted, here by time or in another tab; or another tab has made one. */
  async #containerChanged(): Promise<void> {
    if (this.#acting) return;
    const { at } = this.#state;
    if (at === 'unlocked' && (await this.container.state()) !== 'unlocked') {
      if (this.#state.at !== 'unlocked' || this.#acting) return;
      this.#on({ type: 'locked', cause: this.container.lockCause });
      await this.ask();
    } else if (at === 'locked' && (await this.container.state()) === 'none') {
      await this.ask();
    }
  }

  #on(event: Event): void {
    this.#state = next(this.#state, event);
    this.#watch();
    for (const listener of this.#listeners) listener();
  }

  #watch(): void {
    this.#callOff();
    this.#callOff = () => {};
    const { at } = this.#state;
    const isHeld = this.#state.at === 'device' && this.#state.is !== 'blocked';
    if (at === 'no_line' || at === 'locked_offline' || isHeld) {
      this.#callOff = this.#clock.after(RETRY_MS, () => void this.#askQuietly());
    }
    if (at === 'unlocked') {
      this.#callOff = this.#clock.after(CONTACT_MS, () => {
        this.#watch();
        void this.contact();
      });
    }
  }

  /** As `ask`, but what is shown stays until there is something else to show. */
  async #askQuietly(): Promise<void> {
    const round = this.#round;
    const { at } = this.#state;
    const isStill = () => round === this.#round && this.#state.at === at && !this.#acting;
    try {
      const { phonesRefused } = await this.#server.standing();
      if (phonesRefused && this.#state.at === 'device' && this.#state.is === 'phone') {
        if (isStill()) this.#watch();
        return;
      }
    } catch (error) {
      const { kind } = refusalOf(error);
      const isSame = kind === at || (kind === 'no_line' && at === 'locked_offline');
      if (isSame) {
        if (isStill()) this.#watch();
        return;
      }
    }
    if (isStill()) await this.ask();
  }
}
