/** Keeps what was used last, up to so many bytes. */
export class Recent<T extends { memoryBytes: number }> {
  readonly #limitBytes: number;
  readonly #kept = new Map<string, T>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(name: string): T | undefined {
    const found = this.#kept.get(name);
    if (found) {
      // A map keeps the order in which things were set: the last used goes to the end.
      this.#kept.delete(name);
      this.#kept.set(name, found);
    }
    return found;
  }

  keep(name: string, value: T): void {
    this.drop(name);
    this.#kept.set(name, value);
    this.#bytes += value.memoryBytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.drop(oldest);
    }
  }

  drop(name: string): void {
    this.#bytes -= this.#kept.get(name)?.memoryBytes ?? 0;
    this.#kept.delete(name);
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }
}
