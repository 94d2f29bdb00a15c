import { withCoreData, withSignOn } from './handshake.ts';

/** Why a connection closed: the server's code and word, or 1006 for a broken line. */
export type CloseReason = { code: number; word: string };

type Watch = {
  address: string;
  /** Windows' number of the keyboard layout. */
  layout: number;
  /** Name and password are at hand: the desktop shall not ask for them again. */
  signOn: boolean;
  onClose: (reason: CloseReason) => void;
  onMessage: () => void;
};

let watch: Watch | undefined;
const BrowserSocket = window.WebSocket;

/** So many messages belong to the handshake; what follows is left alone. */
const HANDSHAKE_MESSAGES = 40;

/**
 * The RDP package opens its own WebSocket and keeps the reason of its end to itself. This stands in
 * for the browser's class, so that the server's words reach the person and the handshake says what
 * the desktop needs.
 */
class WatchedSocket extends BrowserSocket {
  private readonly watch: Watch | undefined;
  private sent = 0;
  /** Messages of the handshake that are on their way; later ones keep behind them. */
  private waiting = 0;
  private queue: Promise<void> = Promise.resolve();

  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols ?? []);
    if (!watch || String(address) !== watch.address) return;
    const mine = watch;
    this.watch = mine;
    watch = undefined;
    this.addEventListener('message', mine.onMessage);
    this.addEventListener('close', ({ code, reason, isTrusted }) => {
      // The package announces an end of its own making when it lets go of the socket; the browser's
      // event, which follows, carries the server's word.
      if (isTrusted) mine.onClose({ code, word: reason });
    });
  }

  override send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>): void {
    this.sent += 1;
    const handshake = this.watch && this.sent <= HANDSHAKE_MESSAGES && data instanceof Blob;
    if (!handshake && this.waiting === 0) {
      super.send(data);
      return;
    }
    this.waiting += 1;
    this.queue = this.queue.then(async () => {
      // The package hands over Blobs, which can only be read by and by.
      const message = handshake ? this.patched(await data.arrayBuffer()) : data;
      this.waiting -= 1;
      if (this.readyState === BrowserSocket.OPEN) super.send(message);
    });
  }

  private patched(bytes: ArrayBuffer): Uint8Array<ArrayBuffer> {
    let message: Uint8Array = new Uint8Array(bytes);
    message = withCoreData(message, this.watch?.layout ?? 0);
    if (this.watch?.signOn) message = withSignOn(message);
    return message as Uint8Array<ArrayBuffer>;
  }
}

/** Watches the next connection to this address. */
export function watchNext(next: Watch): void {
  watch = next;
  window.WebSocket = WatchedSocket;
}
