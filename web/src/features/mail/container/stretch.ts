import { argon2id } from 'hash-wasm';
import type { Bytes } from './bytes.ts';
import { ContainerFault } from './fault.ts';

/** What one guess costs, in the words of RFC 9106. */
export type Cost = { memoryKiB: number; passes: number; lanes: number };

/** The second recommended option of RFC 9106, with one lane: WebAssembly has no threads here. */
export const DEFAULT_COST: Cost = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };

/** What a header may ask for: a tampered one must not take a phone's memory. */
const MAX_COST: Cost = { memoryKiB: 256 * 1024, passes: 10, lanes: 4 };

/** Makes 32 bytes of a passphrase, slowly. */
export type Stretch = (passphrase: string, salt: Bytes, cost: Cost) => Promise<Bytes>;

export function checkCost({ memoryKiB, passes, lanes }: Cost): void {
  const fits =
    lanes >= 1 &&
    lanes <= MAX_COST.lanes &&
    passes >= 1 &&
    passes <= MAX_COST.passes &&
    memoryKiB >= 8 * lanes &&
    memoryKiB <= MAX_COST.memoryKiB;
  if (!fits) throw new ContainerFault('damaged');
}

/** Argon2id in this thread: for workers and tests, a page would freeze for half a second. */
export const stretch: Stretch = async (passphrase, salt, cost) => {
  checkCost(cost);
  const hash = await argon2id({
    // Keyboards differ in how they compose letters.
    password: passphrase.normalize('NFC'),
    salt,
    memorySize: cost.memoryKiB,
    iterations: cost.passes,
    parallelism: cost.lanes,
    hashLength: 32,
    outputType: 'binary',
  });
  return new Uint8Array(hash);
};
