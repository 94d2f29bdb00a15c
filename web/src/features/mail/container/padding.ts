/** Nothing is shorter than this on the disk: flags, drafts of one word and empty lists look alike. */
const SMALLEST_BYTES = 64;

/**
 * Padmé: rounds up so that a length of n tells only O(log log n) bits, for at most 12 % more room.
 * Lengths of mails are as telling as fingerprints; powers of two would cost up to twice the disk.
 */
export function padded(length: number): number {
  if (length <= SMALLEST_BYTES) return SMALLEST_BYTES;
  const exponent = Math.floor(Math.log2(length));
  const kept = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** (exponent - kept);
  return Math.ceil(length / step) * step;
}
