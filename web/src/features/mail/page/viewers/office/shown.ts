/** What a foreign document comes to: plain data, made of nothing but its words, numbers and pictures. */
export type Shown =
  | {
      kind: 'document';
      /** HTML of our own making, in parts that are drawn one at a time; cleaned once more before that. */
      parts: string[];
      /** By the name that `cid:` calls them by, as `data:`. */
      pictures: Map<string, string>;
      remarks: Remark[];
    }
  | { kind: 'tables'; sheets: Sheet[]; remarks: Remark[] };

export type Sheet = { name: string; columns: number; rows: { number: number; cells: string[] }[] };

/** What is to be known of what is not shown. */
export type Remark =
  /** There is more than is shown. */
  | 'shortened'
  /** It has programs in it. They are not run. */
  | 'macros'
  /** It wanted something from elsewhere. That was not fetched. */
  | 'outside'
  /** Pictures of kinds or sizes that are not shown. */
  | 'pictures';

/** Gathers the remarks, each once. */
export class Remarks {
  readonly #all = new Set<Remark>();

  add(remark: Remark): void {
    this.#all.add(remark);
  }

  list(): Remark[] {
    return [...this.#all];
  }
}
