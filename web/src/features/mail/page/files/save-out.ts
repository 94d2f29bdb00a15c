type Picker = (options: { suggestedName: string }) => Promise<{
  createWritable: () => Promise<{
    write: (bytes: BlobPart) => Promise<void>;
    close: () => Promise<void>;
  }>;
}>;

/** Smaller ones pass through the browser's memory alone. */
const SMALL_BYTES = 1_000_000;

/**
 * Saves a file outside the container, where the policy lets it. A large one goes straight to the place that the person
 * chooses, where the browser can do that: as a `Blob` it would lie in the profile as well.
 */
export async function saveOut(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const pick = (window as unknown as { showSaveFilePicker?: Picker }).showSaveFilePicker;
  if (pick && bytes.length > SMALL_BYTES) {
    const place = await pick.call(window, { suggestedName: name }).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') return null;
      throw error;
    });
    if (!place) return;
    const file = await place.createWritable();
    await file.write(bytes);
    await file.close();
    return;
  }
  // Of no type that a browser would open by itself.
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 0);
}
