import type { Mailbox } from '../../model.ts';

/** Folders below each other, by name; a ring of them stands at the end, so that none is missing. */
export function inOrder(boxes: readonly Mailbox[]): { box: Mailbox; depth: number }[] {
  const known = new Set(boxes.map(({ id }) => id));
  const seen = new Set<string>();
  const under = (parent: string | null, depth: number): { box: Mailbox; depth: number }[] =>
    boxes
      .filter(({ id, parentId }) => {
        const above = parentId !== null && known.has(parentId) ? parentId : null;
        return above === parent && !seen.has(id) && seen.add(id);
      })
      .sort((one, other) => one.name.localeCompare(other.name))
      .flatMap((box) => [{ box, depth }, ...under(box.id, depth + 1)]);
  const found = under(null, 0);
  return [...found, ...boxes.filter(({ id }) => !seen.has(id)).map((box) => ({ box, depth: 0 }))];
}

/** A folder and all that lies in it, however deep. */
export function below(boxes: readonly Mailbox[], id: string): string[] {
  const found = [id];
  for (const one of found) {
    found.push(
      ...boxes
        .filter((box) => box.parentId === one && !found.includes(box.id))
        .map((box) => box.id),
    );
  }
  return found;
}
