/** As little of a browser as its own WebDriver is asked for; what a story needs is made of it once for all browsers. */
export type Wire = {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Brings the tab before the others. */
  front(): Promise<void>;
  /** What a JavaScript expression is in the page, as JSON; a promise is awaited. */
  value(expression: string): Promise<unknown>;
  /** Sources of input as WebDriver writes them: both of its protocols do so alike. */
  perform(sources: unknown[]): Promise<void>;
  /** Puts a file into the field that this expression finds. */
  attach(expression: string, path: string): Promise<void>;
};

/** A browser that was started for a story. */
export type OtherBrowser = {
  readonly version: string;
  /** Errors of pages and of their policy, as far as the browser tells them. */
  readonly faults: readonly string[];
  newTab(): Promise<Wire>;
  /** Ends it as its person does, and waits until it is gone. */
  close(): Promise<void>;
};

/** An expression whose value, or what became of its promise, is told as a text of JSON. */
export function told(expression: string): string {
  return `(async () => JSON.stringify({ value: await (${expression}) }))()`;
}

/** Reads what `told` says. */
export function heard(text: unknown): unknown {
  return (JSON.parse(String(text)) as { value?: unknown }).value;
}
