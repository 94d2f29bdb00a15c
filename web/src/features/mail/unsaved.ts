/** What keeps text that is typed and not kept yet; it is called before a person locks the container. */
const keepers = new Set<() => Promise<unknown>>();

/** Has it called until the returned function is. */
export function whileUnsaved(keep: () => Promise<unknown>): () => void {
  keepers.add(keep);
  return () => keepers.delete(keep);
}

/** Keeps everything; what fails does not stand in the way of the lock. */
export async function keepUnsaved(): Promise<void> {
  await Promise.allSettled([...keepers].map((keep) => keep()));
}
