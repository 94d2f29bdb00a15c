import type { Clock, TabLine } from '../container/browser.ts';
import type { Container } from '../container/index.ts';
import {
  type LinkKind,
  pauseMs,
  type SyncTimes,
  syncTimesOf,
  USUAL_TIMES,
  type Wish,
} from './sync-times.ts';

const COLLECTION = 'mail times';
const TIMES = 'times';
const LINE = 'fernamt-mail-times';

type Parts = {
  container: Pick<Container, 'records'>;
  clock: Clock;
  line: (name: string) => TabLine;
  link?: () => LinkKind;
};

/** What the person chose, kept in the container; all tabs keep to it. */
export class KeptTimes implements Wish {
  readonly #records: Container['records'];
  readonly #clock: Clock;
  readonly #line: TabLine;
  readonly #link: () => LinkKind;
  readonly #watchers = new Set<() => void>();
  #times = USUAL_TIMES;

  private constructor({ container, clock, line, link = linkKind }: Parts) {
    this.#records = container.records;
    this.#clock = clock;
    this.#link = link;
    this.#line = line(LINE);
    // Locked meanwhile: whoever opens it reads it anew.
    this.#line.listen(() => void this.#read().catch(() => undefined));
  }

  static async open(parts: Parts): Promise<KeptTimes> {
    const kept = new KeptTimes(parts);
    try {
      await kept.#read();
    } catch (error) {
      kept.close();
      throw error;
    }
    return kept;
  }

  get times(): SyncTimes {
    return this.#times;
  }

  get ahead(): Pick<SyncTimes, 'days' | 'without'> {
    return this.#times;
  }

  pauseMs(syncedAtMs: number | null): number {
    return pauseMs(this.#times, this.#clock.now(), syncedAtMs, this.#link());
  }

  async choose(times: SyncTimes): Promise<void> {
    await this.#records.put(COLLECTION, TIMES, times);
    this.#take(times);
    this.#line.send('changed');
  }

  /** Calls back when something else is wanted. */
  onChange(call: () => void): () => void {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }

  close(): void {
    this.#line.close();
    this.#watchers.clear();
  }

  async #read(): Promise<void> {
    this.#take(syncTimesOf((await this.#records.get(COLLECTION, TIMES))?.value));
  }

  #take(times: SyncTimes): void {
    this.#times = times;
    for (const call of this.#watchers) call();
  }
}

type Connection = { type?: string };

/** What the browser says of its line (Network Information); Firefox, Safari and most desktops say nothing of it. */
export function linkKind(): LinkKind {
  const { connection } = globalThis.navigator as Navigator & { connection?: Connection };
  const type = connection?.type;
  if (type === undefined || type === 'unknown') return 'unknown';
  return type === 'cellular' ? 'mobile' : 'other';
}
