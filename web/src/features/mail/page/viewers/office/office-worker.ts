import { type FailureKind, Unreadable } from './limits.ts';
import { type OfficeFile, readOffice } from './read.ts';
import type { Shown } from './shown.ts';

/** What the worker says: that it is there, and then what it found. */
export type Said =
  | { is: 'ready' }
  | { is: 'shown'; shown: Shown }
  | { is: 'failed'; kind: FailureKind };

const say = (said: Said) => self.postMessage(said);

self.onmessage = async ({ data }: MessageEvent<OfficeFile>) => {
  try {
    say({ is: 'shown', shown: await readOffice(data) });
  } catch (error) {
    say({ is: 'failed', kind: error instanceof Unreadable ? error.kind : 'damaged' });
  }
};

say({ is: 'ready' });
