/** A thing that a form says: its fields, what they are called together, and how they read. */
export type Part<Values> = {
  label: string;
  fields: readonly (keyof Values & string)[];
  /** In words; empty where nothing is said. */
  text: (values: Values) => string;
  /** For a part whose one field is a list of ids: how each reads. Each stands for itself, so that nothing there clashes. */
  entry?: (id: string) => string;
};

/** A part that is a list of ids. */
export function listPart<Values>(
  label: string,
  field: keyof Values & string,
  entry: (id: string) => string,
): Part<Values> {
  return {
    label,
    fields: [field],
    entry,
    text: (values) => idsOf(values, field).map(entry).join(', '),
  };
}

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
export type Change<Values> = {
  part: Part<Values>;
  disputed: boolean;
  /** Of a list: what others put on it and took off it. */
  entries?: { added: string[]; gone: string[] };
};

/** The parts that others have changed, unless this form says the same. */
export function changesOf<Values extends object>(
  { before, theirs, mine }: Versions<Values>,
  parts: readonly Part<Values>[],
): Change<Values>[] {
  return parts
    .filter(({ fields }) => differ(before, theirs, fields) && !same(mine, theirs, fields))
    .map((part) => {
      const [field] = part.fields;
      if (!part.entry || !field) return { part, disputed: differ(before, mine, part.fields) };
      const [was, is] = [idsOf(before, field), idsOf(theirs, field)];
      const named = (ids: readonly string[]) => ids.map(part.entry ?? String);
      const entries = { added: named(without(is, was)), gone: named(without(was, is)) };
      return { part, disputed: false, entries };
    });
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
    const [field] = part.fields;
    if (part.entry && field) {
      const [was, is, own] = [idsOf(before, field), idsOf(theirs, field), idsOf(mine, field)];
      const added = without(without(own, was), is);
      next[field] = [...without(is, without(was, own)), ...added] as Values[typeof field];
      continue;
    }
    const disputed = differ(before, theirs, part.fields) && yielded(part);
    if (differ(before, mine, part.fields) && !disputed) keep(part.fields);
  }
  const others = Object.keys(mine) as (keyof Values & string)[];
  keep(others.filter((field) => !named.has(field) && differ(before, mine, [field])));
  return next;
}

/** What is shown before the place where long texts part. */
const LEAD_CHARS = 20;

/** Texts to tell apart, each cut to `most` characters: what all begin with gives way to the place where they part. */
export function excerpts(texts: readonly string[], most: number): string[] {
  const all = texts.map((text) => [...text]);
  const [first = [], ...others] = all;
  const apart = first.findIndex((char, at) => others.some((other) => other[at] !== char));
  const long = all.some((chars) => chars.length > most);
  const from = long ? Math.max(0, (apart < 0 ? first.length : apart) - LEAD_CHARS) : 0;
  return all.map((chars) =>
    [
      ...(from > 0 ? ['…'] : []),
      ...chars.slice(from, from + most),
      ...(chars.length > from + most ? ['…'] : []),
    ].join(''),
  );
}

const idsOf = <Values>(values: Values, field: keyof Values) =>
  values[field] as unknown as readonly string[];

const without = (ids: readonly string[], others: readonly string[]) =>
  ids.filter((id) => !others.includes(id));

function differ<Values>(one: Values, other: Values, fields: readonly (keyof Values)[]): boolean {
  return !same(one, other, fields);
}

function same<Values>(one: Values, other: Values, fields: readonly (keyof Values)[]): boolean {
  return fields.every((field) => JSON.stringify(one[field]) === JSON.stringify(other[field]));
}
