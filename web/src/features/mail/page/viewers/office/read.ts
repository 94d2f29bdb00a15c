import { readCsv } from './csv.ts';
import { readDocx } from './docx.ts';
import { LIMITS, Unreadable } from './limits.ts';
import { readOdf } from './odf.ts';
import type { Shown } from './shown.ts';
import { readXlsx } from './xlsx.ts';
import { Zip } from './zip.ts';

export type OfficeFile = {
  bytes: Uint8Array<ArrayBuffer>;
  name: string;
  /** `csv` has no mark in its bytes by which it could be known. */
  as: 'csv' | 'office';
  locale: string;
};

const OLE = [0xd0, 0xcf, 0x11, 0xe0];
const ENCRYPTED_PACKAGE = 'EncryptedPackage';

/** Reads a foreign document, by what its bytes say it is. Takes as long as it takes: it belongs into a worker. */
export async function readOffice({ bytes, name, as, locale }: OfficeFile): Promise<Shown> {
  if (bytes.length > LIMITS.fileBytes) throw new Unreadable('too_large');
  if (as === 'csv') return readCsv(bytes, name);
  if (OLE.every((byte, at) => bytes[at] === byte)) {
    throw new Unreadable(isEncrypted(bytes) ? 'encrypted' : 'old');
  }
  const zip = new Zip(bytes);
  const type = await zip.text('mimetype');
  if (type?.includes('opendocument')) return readOdf(zip, type);
  if (!zip.has('[Content_Types].xml')) throw new Unreadable('unknown');
  if (zip.names.some((one) => one.startsWith('xl/'))) return readXlsx(zip, locale);
  if (zip.names.some((one) => one.startsWith('word/'))) return readDocx(zip);
  throw new Unreadable('unknown');
}

/** Office puts what is closed with a password into the form of its old files. */
function isEncrypted(bytes: Uint8Array): boolean {
  return new TextDecoder('utf-16le').decode(bytes).includes(ENCRYPTED_PACKAGE);
}
