import { createServer, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';

/** A word for each place where a browser keeps something. */
export const PLAIN = {
  cache: 'Ahornallee17z',
  address: 'Buchenhain28z',
  localStorage: 'Distelfeld39z',
  databaseValue: 'Eschengrund40z',
  databaseKey: 'Fichtenkamp51z',
  cacheStorage: 'Ginsterheide62z',
  folder: 'Haselbusch73z',
};

const KEPT = { 'cache-control': 'max-age=3600' };

/** A page of the usual kind, which leaves things behind wherever a browser lets it. */
export class PlainPage {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<PlainPage> {
    const page = gzipSync(`<!doctype html><title>Plain</title><p>${PLAIN.cache}</p>`);
    const server = createServer((_, response) => {
      response.writeHead(200, {
        'content-type': 'text/html',
        'content-encoding': 'gzip',
        ...KEPT,
      });
      response.end(page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no port');
    return new PlainPage(server, `http://plain.localhost:${address.port}/?q=${PLAIN.address}`);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await ended;
  }
}

/** Runs in the page: what a program keeps that nobody made to keep secrets. */
export async function keepPlainly(words: typeof PLAIN): Promise<void> {
  localStorage.setItem('word', words.localStorage);
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open('plain', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('all');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  await new Promise<void>((resolve, reject) => {
    const change = database.transaction('all', 'readwrite');
    // Longer than a page of the database, and with repetitions that are packed.
    const value = `${'und so weiter '.repeat(20_000)}${words.databaseValue}`;
    change.objectStore('all').put({ value }, words.databaseKey);
    change.oncomplete = () => resolve();
    change.onerror = () => reject(change.error);
  });
  database.close();
  const kept = await caches.open('plain');
  await kept.put('/kept', new Response(`${'und so weiter '.repeat(2_000)}${words.cacheStorage}`));
  const folder = await navigator.storage.getDirectory();
  const file = await (await folder.getFileHandle('plain', { create: true })).createWritable();
  await file.write(words.folder);
  await file.close();
}
