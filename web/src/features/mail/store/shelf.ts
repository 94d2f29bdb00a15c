import type { Change, Container } from '../container/index.ts';
import { MailFault } from '../model.ts';

/** What is kept of one mailbox, in a container that others lie in as well. */
export type Shelf = {
  records: Pick<Container['records'], 'get' | 'getEach' | 'getAll' | 'put' | 'change'>;
  blobs: Pick<Container['blobs'], 'read' | 'write' | 'size' | 'remove'>;
  search: Pick<Container['search'], 'add' | 'remove' | 'search'>;
};

/** No id of JMAP has a blank (RFC 8620, section 1.2). */
const BETWEEN = ' ';

/** The own mailbox: its names are as they were when there was no other. */
export function ownShelf({ records, blobs, search }: Container): Shelf {
  return {
    records,
    blobs,
    search: {
      add: (documents) => search.add(documents),
      remove: (ids) => search.remove(ids),
      search: (words, limit) => search.search(words, limit, (id) => !id.includes(BETWEEN)),
    },
  };
}

/** Another mailbox, under names of its own. Closed, it takes nothing more. */
export function shelfOf(container: Container, account: string): Shelf & { close(): void } {
  const { records, blobs, search } = container;
  let isClosed = false;
  const check = () => {
    if (isClosed) throw new MailFault('closed');
  };
  const of = (collection: string) => collectionOf(collection, account);
  const id = (inside: string) => `${account}${BETWEEN}${inside}`;
  return {
    close() {
      isClosed = true;
    },
    records: {
      get: (collection, one) => records.get(of(collection), one),
      getEach: (collection, ids) => records.getEach(of(collection), ids),
      getAll: (collection) => records.getAll(of(collection)),
      async put(collection, one, value, bytes) {
        check();
        await records.put(of(collection), one, value, bytes);
      },
      async change(changes) {
        check();
        await records.change(changes.map((change) => moved(change, account)));
      },
    },
    blobs: {
      read: (blob) => blobs.read(id(blob)),
      size: (blob) => blobs.size(id(blob)),
      remove: (blob) => blobs.remove(id(blob)),
      async write(blob, source) {
        check();
        return blobs.write(id(blob), source);
      },
    },
    search: {
      async add(documents) {
        check();
        await search.add(documents.map((one) => ({ ...one, id: id(one.id) })));
      },
      remove: (ids) => search.remove(ids.map(id)),
      async search(words, limit) {
        const hits = await search.search(words, limit, (one) => one.startsWith(id('')));
        return { ...hits, ids: hits.ids.map((one) => one.slice(id('').length)) };
      },
    },
  };
}

/** What a collection of a mailbox is called in the container. */
export function collectionOf(collection: string, account: string): string {
  return `${collection}${BETWEEN}of${BETWEEN}${account}`;
}

function moved(change: Change, account: string): Change {
  if ('put' in change) return { ...change, put: collectionOf(change.put, account) };
  if ('delete' in change) return { ...change, delete: collectionOf(change.delete, account) };
  return { clear: collectionOf(change.clear, account) };
}
