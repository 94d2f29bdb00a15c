import type { Container } from '../container/index.ts';
import type { Jmap } from './jmap.ts';
import { OWN } from './writing.ts';

type Records = Pick<Container['records'], 'get' | 'put'>;

/** Whether mail of this account leaves the house, as the server said last. Who says nothing has no way out. */
export class Delivery {
  readonly #records: Records;
  #outside: boolean;

  private constructor(records: Records, outside: boolean) {
    this.#records = records;
    this.#outside = outside;
  }

  static async open({ records }: { records: Records }): Promise<Delivery> {
    const kept = (await records.get(OWN, 'delivery'))?.value as { outside?: unknown } | undefined;
    return new Delivery(records, kept?.outside === true);
  }

  get outside(): boolean {
    return this.#outside;
  }

  /** Reads it out of the session; true where it is another than before. */
  async learn(jmap: Jmap): Promise<boolean> {
    const { outside } = await jmap.session();
    if (outside === this.#outside) return false;
    this.#outside = outside;
    await this.#records.put(OWN, 'delivery', { outside });
    return true;
  }
}
