/** Why the background cannot be blurred here. */
export type BlurFault = 'browser' | 'not_loaded' | 'broken';

/** How the blur of this page's one camera fares. */
export type BlurState =
  | { at: 'idle' }
  | { at: 'loading'; share: number }
  | { at: 'on' }
  /** So few pictures a second come out of it. */
  | { at: 'slow'; pictures: number }
  | { at: 'failed'; fault: BlurFault };

let state: BlurState = { at: 'idle' };
const listeners = new Set<() => void>();

/** What pages read of it; loads nothing. */
export const blurState = {
  get: (): BlurState => state,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export function publishBlur(next: BlurState): void {
  if (JSON.stringify(next) === JSON.stringify(state)) return;
  state = next;
  for (const listener of listeners) listener();
}

/** The background was to be blurred and cannot be: then there is no picture at all. */
export class BlurProblem extends Error {
  constructor(readonly fault: BlurFault) {
    super(`blur: ${fault}`);
    this.name = 'BlurProblem';
  }
}

/** A module that needs 128-bit instructions: whether a browser takes it tells whether it has them. */
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

/** Whether this browser has all that it takes. */
export function blurPossible(): boolean {
  return (
    typeof OffscreenCanvas === 'function' &&
    typeof DecompressionStream === 'function' &&
    typeof WebAssembly === 'object' &&
    WebAssembly.validate(SIMD) &&
    'captureStream' in HTMLCanvasElement.prototype &&
    new OffscreenCanvas(1, 1).getContext('webgl2') !== null
  );
}
