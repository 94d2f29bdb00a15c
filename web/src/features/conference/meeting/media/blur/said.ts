/** What the worker needs before its first picture. */
export type Start = { module: WebAssembly.Module; graph: ArrayBuffer; model: ArrayBuffer };

/** What the page says to the worker that blurs: first what it works with, then one picture after the other. */
export type ToWorker = { start: Start } | { picture: ImageBitmap };

/** What the worker answers. It also beats time, because a page that is not seen does not. */
export type FromWorker =
  | { ready: true }
  | { beat: true }
  | { picture: ImageBitmap }
  | { failed: string };
