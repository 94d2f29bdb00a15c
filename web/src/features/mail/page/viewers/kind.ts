import { LIMITS } from './office/limits.ts';
import { type Pixels, pixelsOf } from './pixels.ts';

/** By what a file is shown. */
export type Kind =
  | { is: 'picture'; pixels: Pixels }
  | { is: 'pdf' | 'office' | 'csv' | 'text' | 'mail' | 'none' };

const SNIFFED_BYTES = 4_096;
const PDF_WITHIN_BYTES = 1_024;
const TEXT_TYPE =
  /^(text\/|application\/(json|xml|javascript|x-sh|sql|toml|yaml|x-yaml)|image\/svg\+xml)/i;
const TEXT_NAME =
  /\.(txt|md|log|ini|json|xml|svg|html?|css|js|ts|ya?ml|sql|toml|ics|vcf|asc|pem|diff|patch)$/i;

/**
 * How a file is shown: by its bytes where those say what it is, since its name and type are whatever the sender wrote.
 */
export function kindOf(name: string, type: string, bytes: Uint8Array): Kind {
  const pixels = pixelsOf(bytes);
  if (pixels) return { is: 'picture', pixels };
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, PDF_WITHIN_BYTES));
  if (start.includes('%PDF-')) return { is: 'pdf' };
  if (start.startsWith('PK\x03\x04') || start.startsWith('\xd0\xcf\x11\xe0'))
    return { is: 'office' };
  if (/^message\/(rfc822|global)$/i.test(type) || /\.eml$/i.test(name)) return { is: 'mail' };
  if (/^text\/(csv|tab-separated-values)$/i.test(type) || /\.(csv|tsv)$/i.test(name)) {
    return { is: isText(bytes) ? 'csv' : 'none' };
  }
  const isSaid = TEXT_TYPE.test(type) || TEXT_NAME.test(name);
  return { is: isSaid || isText(bytes) ? 'text' : 'none' };
}

/** Files that are larger than what is read here are not even loaded for it. */
export const isTooLarge = (sizeBytes: number) => sizeBytes > LIMITS.fileBytes;

/** Nothing in its beginning that no text has. */
function isText(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return (
    isWide ||
    !bytes
      .subarray(0, SNIFFED_BYTES)
      .some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))
  );
}
