import type { MailNet } from './net.ts';

const LEADING = 'fernamt-mail-leader';

/** Of all tabs one leads: it alone brings mailboxes and the server together. */
export class Leading {
  readonly #led = new Set<() => void>();
  #leads = false;
  #isClosed = false;
  #stop = () => {};

  constructor(net: MailNet) {
    void net.turns(LEADING, 'exclusive', async () => {
      if (this.#isClosed) return;
      this.#leads = true;
      const ended = new Promise<void>((resolve) => {
        this.#stop = resolve;
      });
      for (const call of [...this.#led]) call();
      await ended;
    });
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Calls back once this tab leads, if it does not already. */
  whenLed(call: () => void): () => void {
    if (this.#leads) call();
    this.#led.add(call);
    return () => this.#led.delete(call);
  }

  /** Another tab may lead. */
  close(): void {
    this.#isClosed = true;
    this.#leads = false;
    this.#led.clear();
    this.#stop();
  }
}
