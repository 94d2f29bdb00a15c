import { type Challenge, solve } from './solve.ts';

/** What the worker says: how far it is, and at the end the proof. */
self.onmessage = ({ data }: MessageEvent<Challenge>) => {
  const proof = solve(data, (done) => self.postMessage({ done }));
  self.postMessage({ proof });
};
