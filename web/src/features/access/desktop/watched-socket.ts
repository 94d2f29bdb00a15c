import { withLayout } from './keyboard-layout.ts';

/** Why a connection closed: the server's code and word, or 1006 for a broken line. */
export type CloseReason = { code: number; word: string };

type Watch = { address: string; layout: number; onClose: (reason: CloseReason) => void };

let watch: Watch | undefined;
const BrowserSocket = window.WebSocket;

/**
 * The RDP package opens its own WebSocket and keeps the reason of its end to itself. This stands in
 * for the browser's class, so that the server's words reach the person.
 */
class WatchedSocket extends BrowserSocket {
  private readonly layout: number = 0;

  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols ?? []);
    if (!watch || String(address) !== watch.address) return;
    const { onClose, layout } = watch;
    this.layout = layout;
    watch = undefined;
    this.addEventListener('close', ({ code, reason }) => onClose({ code, word: reason }));
  }

  override send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>): void {
    if (this.layout && data instanceof Uint8Array)
      super.send(withLayout(data, this.layout) as typeof data);
    else if (this.layout && data instanceof ArrayBuffer) {
      super.send(withLayout(new Uint8Array(data), this.layout) as Uint8Array<ArrayBuffer>);
    } else super.send(data);
  }
}

/** Watches the next connection to this address. */
export function watchNext(next: Watch): void {
  watch = next;
  window.WebSocket = WatchedSocket;
}
