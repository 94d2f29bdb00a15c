/** A thing that a form says: its fields, what they are called together, and how they read. */
export type Part<Values> = {
  label: string;
  fields: readonly (keyof Values & string)[];
  /** In words; empty where nothing is said. */
  text: (values: Values) => string;
};

/** What became of a form while somebody filled it in. */
export type Versions<Values> = {
  /** What it was filled from. */
  before: Values;
  /** What others made of that meanwhile. */
  theirs: Values;
  /** What stands in it. */
  mine: Values;
};

/** A part that others have changed, and whether this form says something else of it. */
export type Change<Values> = { part: Part<Values>; disputed: boolean };

/** The parts that others have changed, unless this form says the same. */
export function changesOf<Values extends object>(
  { before, theirs, mine }: Versions<Values>,
  parts: readonly Part<Values>[],
): Change<Values>[] {
  return parts
    .filter(({ fields }) => differ(before, theirs, fields) && !same(mine, theirs, fields))
    .map((part) => ({ part, disputed: differ(before, mine, part.fields) }));
}

/**
 * The newer version with all that this form changed. Where both changed the same part, `yielded` names those that go by
 * the newer version.
 */
export function merged<Values extends object>(
  { before, theirs, mine }: Versions<Values>,
  parts: readonly Part<Values>[],
  yielded: (part: Part<Values>) => boolean,
): Values {
  const next = { ...theirs };
  const named = new Set(parts.flatMap(({ fields }) => fields));
  const keep = (fields: readonly (keyof Values & string)[]) => {
    for (const field of fields) next[field] = mine[field];
  };
  for (const part of parts) {
    const disputed = differ(before, theirs, part.fields) && yielded(part);
    if (differ(before, mine, part.fields) && !disputed) keep(part.fields);
  }
  const others = Object.keys(mine) as (keyof Values & string)[];
  keep(others.filter((field) => !named.has(field) && differ(before, mine, [field])));
  return next;
}

function differ<Values>(one: Values, other: Values, fields: readonly (keyof Values)[]): boolean {
  return !same(one, other, fields);
}

function same<Values>(one: Values, other: Values, fields: readonly (keyof Values)[]): boolean {
  return fields.every((field) => JSON.stringify(one[field]) === JSON.stringify(other[field]));
}
