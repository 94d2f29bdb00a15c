/** What a foreign file may cost. Whatever wants more is shown in part, or not at all. */
export const LIMITS = {
  /** As it was attached. */
  fileBytes: 50_000_000,
  /** Of all parts that are read, once they are unpacked. */
  inflatedBytes: 64_000_000,
  /** Of one part. */
  partBytes: 32_000_000,
  zipEntries: 5_000,
  xmlDepth: 200,
  /** Elements of a text's tree. */
  xmlNodes: 400_000,
  attributes: 100,
  /** Characters and elements that are drawn at once. */
  partChars: 400_000,
  partTags: 8_000,
  parts: 60,
  pictures: 60,
  pictureBytes: 8_000_000,
  picturesBytes: 20_000_000,
  sheets: 60,
  rows: 20_000,
  columns: 200,
  cells: 300_000,
  /** Of one cell. */
  cellChars: 2_000,
  strings: 300_000,
} as const;

/** Why a file is not shown. */
export type FailureKind =
  /** It is not what it says, or broken. */
  | 'damaged'
  /** More than is unpacked here. */
  | 'too_large'
  /** Closed with a password. */
  | 'encrypted'
  /** A format of Office before 2007. */
  | 'old'
  /** A file in which nothing is that is shown here. */
  | 'unknown'
  /** It took longer than a file may. */
  | 'slow';

/** Foreign bytes that are not shown, and why. */
export class Unreadable extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind) {
    super(kind);
    this.name = 'Unreadable';
    this.kind = kind;
  }
}
