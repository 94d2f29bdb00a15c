import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import type { Browser, TabLine, Turns } from './browser.ts';
import type { Bytes } from './bytes.ts';
import type { PageBuild } from './page-build.ts';
import { stretch } from './stretch.ts';

/** A clock that goes on when it is told to. */
export class TestClock {
  #nowMs = Date.UTC(2026, 10, 22);
  readonly #waiting = new Set<{ atMs: number; call: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, call: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, call };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const entry of [...this.#waiting].sort((one, other) => one.atMs - other.atMs)) {
      if (entry.atMs <= this.#nowMs && this.#waiting.delete(entry)) entry.call();
    }
  }

  /** As a machine that was shut: time went on, timers did not. */
  sleep(ms: number): void {
    this.#nowMs += ms;
  }
}

/** One profile of a browser: what its tabs share. */
export class TestProfile {
  readonly clock = new TestClock();
  indexedDB = new IDBFactory();
  folder: FileSystemDirectoryHandle | undefined;
  cachesCleared = 0;
  /** The build that its pages are; none while they are developed. */
  build: PageBuild | null = null;
  /** The files of the page that a service worker keeps. */
  readonly kept = new Map<string, Bytes>();
  stretched = 0;
  readonly #turns = inTurn();
  readonly #lines = new Set<{ name: string; tab: object; calls: ((said: unknown) => void)[] }>();
  readonly #leaving = new Map<object, Set<() => void>>();

  /** What one tab of it sees. */
  tab(): Browser & { leave(): void } {
    const tab = {};
    const leaving = new Set<() => void>();
    this.#leaving.set(tab, leaving);
    return {
      indexedDB: this.indexedDB,
      clock: this.clock,
      turns: this.#turns,
      line: (name) => this.#line(tab, name),
      folder: async () => this.folder,
      clearCaches: async () => {
        this.cachesCleared += 1;
      },
      pageBuild: async () => this.build,
      keptFile: async (path) => this.kept.get(path),
      onLeave(call) {
        leaving.add(call);
        return () => leaving.delete(call);
      },
      leave() {
        for (const call of leaving) call();
      },
      stretch: (passphrase, salt, cost) => {
        this.stretched += 1;
        return stretch(passphrase, salt, cost);
      },
    };
  }

  #line(tab: object, name: string): TabLine {
    const end = { name, tab, calls: [] as ((said: unknown) => void)[] };
    this.#lines.add(end);
    return {
      send: (message) => {
        for (const other of this.#lines) {
          if (other.name !== name || other === end) continue;
          for (const call of other.calls) call(structuredClone(message));
        }
      },
      listen: (call) => end.calls.push(call),
      close: () => this.#lines.delete(end),
    };
  }
}

/** Web Locks: one exclusive holder of a name, or many shared ones, in the order in which they came. */
function inTurn(): Turns {
  const names = new Map<string, { exclusive: Promise<unknown>; shared: Promise<unknown>[] }>();
  return (name, mode, work) => {
    const held = names.get(name) ?? { exclusive: Promise.resolve(), shared: [] };
    names.set(name, held);
    const before = mode === 'shared' ? [held.exclusive] : [held.exclusive, ...held.shared];
    const running = Promise.all(before).then(work);
    const ended = running.catch(() => undefined);
    if (mode === 'shared') held.shared.push(ended);
    else Object.assign(held, { exclusive: ended, shared: [] });
    return running;
  };
}
