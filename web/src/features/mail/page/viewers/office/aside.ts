import { ownScript } from '../../../../../app/own-script.ts';
import { Unreadable } from './limits.ts';
import type { Said } from './office-worker.ts';
import workerAddress from './office-worker.ts?worker&url';
import type { OfficeFile } from './read.ts';
import type { Shown } from './shown.ts';

/** No file takes longer than this; what does is made to. */
export const READING_MS = 2_000;
/** Until the worker's own script is there. */
const STARTING_MS = 15_000;

/** Reads a foreign document in a worker of its own, which ends with it, and at the latest after a fixed time. */
export function readAside(file: OfficeFile): Promise<Shown> {
  const worker = new Worker(ownScript(workerAddress), { type: 'module' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new Promise<Shown>((resolve, reject) => {
    const within = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => reject(new Unreadable('slow')), ms);
    };
    within(STARTING_MS);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Unreadable('damaged'));
    };
    worker.onmessage = ({ data }: MessageEvent<Said>) => {
      if (data.is === 'ready') {
        within(READING_MS);
        worker.postMessage(file);
      } else if (data.is === 'shown') resolve(data.shown);
      else reject(new Unreadable(data.kind));
    };
  }).finally(() => {
    clearTimeout(timer);
    worker.terminate();
  });
}
