import type { Bytes } from './bytes.ts';
import { keptFile, ownBuild, type PageBuild } from './page-build.ts';
import type { Stretch } from './stretch.ts';
import { stretchAside } from './stretch-aside.ts';

/** Time, so that tests need not wait. */
export type Clock = {
  now(): number;
  /** Calls back after so many milliseconds; the answer calls it off. */
  after(ms: number, call: () => void): () => void;
};

/** A line to the other tabs. */
export type TabLine = {
  send(message: unknown): void;
  listen(call: (message: unknown) => void): void;
  close(): void;
};

/** One of all tabs at a time, or several readers. */
export type Turns = <T>(
  name: string,
  mode: 'exclusive' | 'shared',
  work: () => Promise<T>,
) => Promise<T>;

/** What the container needs of a browser. */
export type Browser = {
  indexedDB: IDBFactory;
  clock: Clock;
  turns: Turns;
  line(name: string): TabLine;
  /** The origin's own folder (OPFS); undefined where there is none that a page may write to. */
  folder(): Promise<FileSystemDirectoryHandle | undefined>;
  /** Deletes what service workers keep. */
  clearCaches(): Promise<void>;
  /** The build that this page says it is; null while it is developed. */
  pageBuild(): Promise<PageBuild | null>;
  /** A file of the page as service workers keep it; undefined where it is not kept. */
  keptFile(path: string): Promise<Bytes | undefined>;
  /** Calls back when the page is frozen or left. */
  onLeave(call: () => void): () => void;
  stretch: Stretch;
};

/** The browser that this page runs in. */
export function thisBrowser(): Browser {
  return {
    indexedDB,
    clock: {
      now: () => Date.now(),
      after(ms, call) {
        const timer = setTimeout(call, ms);
        return () => clearTimeout(timer);
      },
    },
    turns: (name, mode, work) => navigator.locks.request(name, { mode }, work) as Promise<never>,
    line(name) {
      const channel = new BroadcastChannel(name);
      return {
        send: (message) => channel.postMessage(message),
        listen: (call) => channel.addEventListener('message', ({ data }) => call(data)),
        close: () => channel.close(),
      };
    },
    folder: ownFolder,
    async clearCaches() {
      if (!('caches' in globalThis)) return;
      await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
    },
    pageBuild: ownBuild,
    keptFile,
    onLeave(call) {
      document.addEventListener('freeze', call);
      window.addEventListener('pagehide', call);
      return () => {
        document.removeEventListener('freeze', call);
        window.removeEventListener('pagehide', call);
      };
    },
    stretch: stretchAside,
  };
}

async function ownFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  // Older WebKit writes to OPFS in workers only, and private windows refuse it.
  if (!('FileSystemFileHandle' in globalThis)) return undefined;
  if (!('createWritable' in FileSystemFileHandle.prototype)) return undefined;
  return navigator.storage.getDirectory().catch(() => undefined);
}
