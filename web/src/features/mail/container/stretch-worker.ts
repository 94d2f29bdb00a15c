import type { Bytes } from './bytes.ts';
import { type Cost, stretch } from './stretch.ts';

export type Asked = { passphrase: string; salt: Bytes; cost: Cost };

self.onmessage = async ({ data }: MessageEvent<Asked>) => {
  const stretched = await stretch(data.passphrase, data.salt, data.cost);
  self.postMessage(stretched, { transfer: [stretched.buffer] });
};

// An error inside a promise does not reach `onerror` of the page by itself.
self.addEventListener('unhandledrejection', () => {
  self.postMessage(null);
});
