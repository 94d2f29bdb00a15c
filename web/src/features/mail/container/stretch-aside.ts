import { ownScript } from '../../../app/own-script.ts';
import type { Bytes } from './bytes.ts';
import type { Stretch } from './stretch.ts';
import type { Asked } from './stretch-worker.ts';
import workerAddress from './stretch-worker.ts?worker&url';

/** Argon2id in a worker of its own, which is ended afterwards: its memory held what the passphrase became. */
export const stretchAside: Stretch = (passphrase, salt, cost) => {
  const worker = new Worker(ownScript(workerAddress), { type: 'module' });
  return new Promise<Bytes>((resolve, reject) => {
    const failed = () => reject(new Error('the passphrase could not be stretched'));
    worker.onmessage = ({ data }: MessageEvent<Bytes | null>) => (data ? resolve(data) : failed());
    worker.onerror = failed;
    worker.postMessage({ passphrase, salt, cost } satisfies Asked);
  }).finally(() => worker.terminate());
};
