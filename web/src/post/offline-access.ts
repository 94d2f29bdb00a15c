import type { Container, Registrar, ShareKeeper } from '../features/mail/container/index.ts';
import type { Office } from './standing.ts';

/** The collection of the container that the page itself keeps things in. */
export const OWN = 'post';
const ASKED = 'asked for offline';

export type OfflineStanding =
  /** The policy lets nobody do so, or not any more. */
  | 'not_granted'
  /** This browser has no secrets of authenticators. */
  | 'no_prf'
  | 'off'
  | 'on';

/** How an open container is prepared to be opened without a line, with the person's authenticator. */
export class OfflineAccess {
  readonly #container: Container;
  readonly #keeper: () => ShareKeeper;
  readonly #authenticator: Registrar;

  constructor(container: Container, keeper: () => ShareKeeper, authenticator: Registrar) {
    this.#container = container;
    this.#keeper = keeper;
    this.#authenticator = authenticator;
  }

  async standing(): Promise<OfflineStanding> {
    if (!this.#container.grantsOffline) return 'not_granted';
    if ((await this.#container.offline()) !== 'none') return 'on';
    return (await this.#authenticator.mayHavePrf()) ? 'off' : 'no_prf';
  }

  /** Whether to ask the person: it is granted and possible, and nobody asked before in this container. */
  async isToBeAsked(): Promise<boolean> {
    if ((await this.standing()) !== 'off') return false;
    return (await this.#container.records.get(OWN, ASKED)) === undefined;
  }

  /** Whatever the answer was: it is in the menu from now on. */
  async noteAsked(): Promise<void> {
    await this.#container.records.put(OWN, ASKED, true);
  }

  /** Makes a passkey for this origin and closes the share with it. The person confirms twice. */
  async setUp(person: Office['person']): Promise<void> {
    const credential = await this.#authenticator.register(person);
    await this.#container.allowOffline(this.#keeper(), credential, this.#authenticator);
  }

  turnOff(): Promise<void> {
    return this.#container.forbidOffline();
  }
}
