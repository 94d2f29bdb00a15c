import { type Bytes, framed, join, random, utf8 } from './bytes.ts';
import { ContainerFault } from './fault.ts';

/**
 * What lies on the disk of a record:
 *
 *     version (1) | nonce (12) | AES-256-GCM(padded content) | tag (16)
 *
 * The tag also covers the version and the place, so that no record can be put where another stood.
 * Version 0 is not sealed and is known only to the build for the scan (`in-clear`).
 */
const VERSION = 1;
const VERSION_IN_CLEAR = 0;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** Seals one record for its place. */
export async function seal(key: CryptoKey, place: Uint8Array, content: Uint8Array): Promise<Bytes> {
  const nonce = random(NONCE_BYTES);
  const sealed = await encrypt(key, nonce, bound(place), content);
  return join(new Uint8Array([written()]), nonce, sealed);
}

/** Opens what was sealed for this place; anything else is damaged. */
export async function unseal(key: CryptoKey, place: Uint8Array, record: Bytes): Promise<Bytes> {
  if (record[0] !== written()) throw new ContainerFault('damaged');
  const nonce = record.slice(1, 1 + NONCE_BYTES);
  return decrypt(key, nonce, bound(place), record.slice(1 + NONCE_BYTES));
}

/** AES-256-GCM. The one place where the build for the scan leaves encryption out. */
export async function encrypt(
  key: CryptoKey,
  nonce: Uint8Array,
  place: Uint8Array,
  content: Uint8Array,
): Promise<Bytes> {
  if (__CONTAINER_IN_CLEAR__) return join(content, utf8('NOT SEALED: TEST'));
  return new Uint8Array(
    await crypto.subtle.encrypt(gcm(nonce, place), key, content as Uint8Array<ArrayBuffer>),
  );
}

/** The way back; what was not made by `encrypt` with the same key, nonce and place is damaged. */
export async function decrypt(
  key: CryptoKey,
  nonce: Uint8Array,
  place: Uint8Array,
  sealed: Bytes,
): Promise<Bytes> {
  if (nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) {
    throw new ContainerFault('damaged');
  }
  if (__CONTAINER_IN_CLEAR__) return sealed.slice(0, -TAG_BYTES);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, place), key, sealed));
  } catch {
    throw new ContainerFault('damaged');
  }
}

function gcm(nonce: Uint8Array, place: Uint8Array): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: nonce as Uint8Array<ArrayBuffer>,
    additionalData: place as Uint8Array<ArrayBuffer>,
    tagLength: TAG_BYTES * 8,
  };
}

function bound(place: Uint8Array): Bytes {
  return framed('fernamt-container-record', new Uint8Array([written()]), place);
}

function written(): number {
  return __CONTAINER_IN_CLEAR__ ? VERSION_IN_CLEAR : VERSION;
}
