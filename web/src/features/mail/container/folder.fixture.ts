/** An OPFS folder in memory, as far as the container uses one. */
export class TestFolder {
  readonly folders = new Map<string, TestFolder>();
  readonly files = new Map<string, Uint8Array>();
  /** How many bytes may still be written. */
  roomBytes = Number.POSITIVE_INFINITY;

  asHandle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }

  async getDirectoryHandle(name: string, options: { create?: boolean } = {}): Promise<TestFolder> {
    const known = this.folders.get(name);
    if (!known && !options.create) throw new DOMException('', 'NotFoundError');
    const folder = known ?? new TestFolder();
    if (!known) folder.roomBytes = this.roomBytes;
    this.folders.set(name, folder);
    return folder;
  }

  async getFileHandle(name: string, options: { create?: boolean } = {}) {
    if (!this.files.has(name)) {
      if (!options.create) throw new DOMException('', 'NotFoundError');
      this.files.set(name, new Uint8Array());
    }
    return {
      getFile: async () => new Blob([this.files.get(name) as Uint8Array<ArrayBuffer>]),
      createWritable: async () => this.#writable(name),
    };
  }

  async removeEntry(name: string): Promise<void> {
    if (!this.files.delete(name) && !this.folders.delete(name)) {
      throw new DOMException('', 'NotFoundError');
    }
  }

  async *keys(): AsyncGenerator<string> {
    yield* [...this.files.keys()];
  }

  #writable(name: string) {
    const parts: Uint8Array[] = [];
    return {
      write: async (part: Uint8Array) => {
        this.roomBytes -= part.length;
        if (this.roomBytes < 0) throw new DOMException('', 'QuotaExceededError');
        parts.push(part);
      },
      close: async () => {
        this.files.set(name, new Uint8Array(Buffer.concat(parts)));
      },
      abort: async () => {},
    };
  }
}
