import type { Clock } from './browser.ts';
import { ContainerFault } from './fault.ts';
import type { Keys } from './keys.ts';

const MINUTE_MS = 60_000;

type Opening = { keys: Keys; idleMs: number };

/** Holds the keys while the container is unlocked in this tab, and drops them when the person has been away. */
export class Session {
  readonly #clock: Clock;
  readonly #closers = new Set<() => void>();
  #opening: Opening | undefined;
  #lastTouchMs = 0;
  #callOff = () => {};
  #onIdle = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#opening !== undefined && !this.#isOver(this.#opening);
  }

  /** `onIdle` is called when nobody touched anything for so many minutes; until then the keys are at hand. */
  open(keys: Keys, idleMin: number, onIdle: () => void): void {
    this.#opening = { keys, idleMs: idleMin * MINUTE_MS };
    this.#onIdle = onIdle;
    this.touch();
  }

  /** Another policy: as long as nobody touches anything from now on. */
  lockAfter(idleMin: number): void {
    const opening = this.check();
    opening.idleMs = idleMin * MINUTE_MS;
    this.#watch(opening);
  }

  /** The person did something, here or in another tab. */
  touch(): void {
    const opening = this.#opening;
    // Whoever comes back after the time is over has to unlock, even where the timer slept with the machine.
    if (!opening || (this.#lastTouchMs > 0 && this.#isOver(opening))) return;
    this.#lastTouchMs = this.#clock.now();
    this.#watch(opening);
  }

  /** Drops the keys, and lets everybody drop what was made with them. */
  close(): void {
    this.#callOff();
    this.#opening = undefined;
    this.#lastTouchMs = 0;
    for (const drop of this.#closers) drop();
  }

  /** Called at each locking; for caches of what was decrypted. */
  onClose(drop: () => void): void {
    this.#closers.add(drop);
  }

  /** Works with the keys. Locked before or meanwhile, it refuses and gives nothing out. */
  async during<T>(work: (keys: Keys) => Promise<T>): Promise<T> {
    const opening = this.check();
    try {
      return await work(opening.keys);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what was found before the locking must not leave.
      if (this.#opening !== opening) throw new ContainerFault('locked');
    }
  }

  /** Refuses with `locked`, also where the time is over and the timer slept with the machine. */
  check(): Opening {
    const opening = this.#opening;
    if (opening && !this.#isOver(opening)) return opening;
    if (opening) this.#onIdle();
    throw new ContainerFault('locked');
  }

  #isOver({ idleMs }: Opening): boolean {
    return this.#clock.now() - this.#lastTouchMs >= idleMs;
  }

  #watch(opening: Opening): void {
    this.#callOff();
    this.#callOff = this.#clock.after(opening.idleMs, () => this.#onIdle());
  }
}
