import { ownScript } from '../../../app/own-script.ts';
import workerAddress from './proof-worker.ts?worker&url';
import type { Challenge, Proof } from './solve.ts';

type Said = { done: number } | { proof: Proof };

/** Proves beside the page that this browser is worth an answer: about half a second of work. */
export function prove(asked: Challenge, onProgress: (done: number) => void): Promise<Proof> {
  const worker = new Worker(ownScript(workerAddress), { type: 'module' });
  return new Promise<Proof>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Said>) => {
      if ('proof' in data) resolve(data.proof);
      else onProgress(data.done);
    };
    worker.onerror = () => reject(new Error('the proof of work failed'));
    worker.postMessage(asked);
  }).finally(() => worker.terminate());
}
