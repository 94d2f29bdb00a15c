import type { Container } from '../../src/features/mail/container/index.ts';
import { OwnFiles } from '../../src/features/mail/page/files/own-files.ts';

/** The files area over a store in memory, as far as it asks for one. */
export function filesInMemory(): OwnFiles {
  const records = new Map<string, unknown>();
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  const sealed = {
    records: {
      getAll: async () => [...records].map(([id, value]) => ({ id, value })),
      put: async (_: string, id: string, value: unknown) => void records.set(id, value),
      delete: async (_: string, id: string) => void records.delete(id),
    },
    blobs: {
      write: async (id: string, source: ReadableStream<Uint8Array>) => {
        const bytes = new Uint8Array(await new Response(source as BodyInit).arrayBuffer());
        blobs.set(id, bytes);
        return bytes.length;
      },
      read: async (id: string) => {
        const bytes = blobs.get(id);
        return bytes && new Response(bytes).body;
      },
      remove: async (id: string) => void blobs.delete(id),
    },
  };
  return new OwnFiles(sealed as unknown as Pick<Container, 'records' | 'blobs'>);
}
