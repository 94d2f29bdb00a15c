/** The first pictures take longer, because everything is done for the first time. */
const WARM_UP = 10;
const REMEMBERED = 30;
/** Longer than this, and movement is a row of stills: fewer than ten pictures a second. */
const TOO_LONG_MS = 100;
/** Faster than this again, and the warning goes; between the two nothing changes, so that it does not flicker. */
const FINE_MS = 75;
const SECOND_MS = 1_000;

/** How long the pictures take, and whether that is too long. */
export class Pace {
  private readonly took: number[] = [];
  private skipped = 0;
  private slow = false;

  /** One more picture took so long; answers how many come in a second if that is too few. */
  add(ms: number): number | null {
    if (this.skipped < WARM_UP) {
      this.skipped += 1;
      return null;
    }
    this.took.push(ms);
    if (this.took.length > REMEMBERED) this.took.shift();
    if (this.took.length < REMEMBERED) return null;
    const middle = [...this.took].sort((one, other) => one - other)[REMEMBERED / 2] ?? 0;
    if (middle > TOO_LONG_MS) this.slow = true;
    if (middle < FINE_MS) this.slow = false;
    return this.slow ? Math.max(1, Math.round(SECOND_MS / middle)) : null;
  }
}
