import { type Find, lookFor } from './look-for.ts';
import type { Wire } from './wire.ts';

const PATIENCE_MS = 30_000;
const LOOK_AGAIN_MS = 50;

/** Keys without a letter, as WebDriver numbers them. */
const KEYS = { Enter: '\uE007', Escape: '\uE00C', Control: '\uE009', Delete: '\uE017' };

/** A page of another browser, driven by what people see and press. */
export class Tab {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  goto(url: string): Promise<void> {
    return this.#wire.goto(url);
  }

  reload(): Promise<void> {
    return this.#wire.reload();
  }

  front(): Promise<void> {
    return this.#wire.front();
  }

  /** Calls a function in the page. It reaches nothing from outside but what it is given. */
  async run<Given extends unknown[], Result>(
    call: (...given: Given) => Result,
    ...given: Given
  ): Promise<Awaited<Result>> {
    const words = given.map((one) => JSON.stringify(one)).join(', ');
    return (await this.#wire.value(`(${call})(${words})`)) as Awaited<Result>;
  }

  /** Waits until this can be seen, and reached by the pointer. */
  async see(what: Find, patienceMs = PATIENCE_MS): Promise<{ x: number; y: number }> {
    return this.#until(`there is no ${JSON.stringify(what)}`, patienceMs, async () => {
      return (await this.#look(what)).at;
    });
  }

  /** Waits until this is not there any more. */
  async gone(what: Find, patienceMs = PATIENCE_MS): Promise<void> {
    await this.#until(`${JSON.stringify(what)} is still there`, patienceMs, async () => {
      return (await this.#look(what)).count === 0;
    });
  }

  async count(what: Find): Promise<number> {
    return (await this.#look(what)).count;
  }

  async click(what: Find): Promise<void> {
    const { x, y } = await this.#atRest(what);
    const actions = [
      { type: 'pointerMove', x, y, duration: 0 },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ];
    await this.#wire.perform([
      { type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions },
    ]);
  }

  /** Puts this text in the place of what stands in a field. */
  async fill(what: Find, text: string): Promise<void> {
    await this.click(what);
    await this.#keys([
      ...[down(KEYS.Control), down('a'), up('a'), up(KEYS.Control)],
      ...[down(KEYS.Delete), up(KEYS.Delete)],
      ...typed(text),
    ]);
  }

  press(key: keyof typeof KEYS): Promise<void> {
    return this.#keys(typed(KEYS[key]));
  }

  attach(path: string): Promise<void> {
    return this.#wire.attach("document.querySelector('input[type=file]')", path);
  }

  /** Where it lies once it does not move any more. */
  async #atRest(what: Find): Promise<{ x: number; y: number }> {
    let before = await this.see(what);
    for (;;) {
      const now = await this.see(what);
      if (now.x === before.x && now.y === before.y) return now;
      before = now;
    }
  }

  #look(what: Find) {
    return this.run(lookFor, what);
  }

  #keys(actions: unknown[]): Promise<void> {
    return this.#wire.perform([{ type: 'key', id: 'keys', actions }]);
  }

  async #until<T>(fault: string, patienceMs: number, look: () => Promise<T>) {
    const end = Date.now() + patienceMs;
    for (;;) {
      // While a page gives way to another there is nothing to look at.
      const found = await look().catch((error: unknown) => {
        if (Date.now() > end) throw error;
        return undefined;
      });
      if (found) return found as NonNullable<T>;
      if (Date.now() > end) {
        // biome-ignore lint/performance/useDomNodeTextContent: it is said what people see, not what is hidden
        const text = await this.run(() => `${location.href}\n${document.body.innerText}`);
        throw new Error(`${fault} on ${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}

const down = (value: string) => ({ type: 'keyDown', value });
const up = (value: string) => ({ type: 'keyUp', value });
const typed = (text: string) => [...text].flatMap((letter) => [down(letter), up(letter)]);
