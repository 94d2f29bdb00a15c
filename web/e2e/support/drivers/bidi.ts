type Said = {
  id?: number;
  type: string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: string;
  message?: string;
};
type Waiting = { resolve: (result: unknown) => void; reject: (error: Error) => void };

/** WebDriver BiDi over its socket: commands and their answers, and events. */
export class Bidi {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (params: unknown) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(String(data)) as Said);
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser has gone'));
      this.#waiting.clear();
    };
  }

  static async open(url: string): Promise<Bidi> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`nobody speaks WebDriver BiDi at ${url}`));
    });
    return new Bidi(socket);
  }

  ask<T>(method: string, params: Record<string, unknown> = {}): Promise<T> {
    this.#last += 1;
    const id = this.#last;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer as Promise<T>;
  }

  /** One listener for each kind of event. */
  async on<T>(event: string, call: (params: T) => void): Promise<void> {
    this.#listeners.set(event, call as (params: unknown) => void);
    await this.ask('session.subscribe', { events: [event] });
  }

  #hear({ id, type, method, params, result, error, message }: Said): void {
    if (type === 'event') this.#listeners.get(method ?? '')?.(params);
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || !waiting) return;
    this.#waiting.delete(id);
    if (type === 'success') waiting.resolve(result);
    else waiting.reject(new Error(`${error}: ${message}`));
  }
}
