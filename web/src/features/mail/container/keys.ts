import { type Bytes, framed, utf8 } from './bytes.ts';

const NAME_BYTES = 16;

/** The keys of one kind of content: one seals, the other hides the names. */
export type Ring = { seal: CryptoKey; names: CryptoKey };

/** Everything that an unlocked container holds. No key of it can be exported. */
export type Keys = {
  records: Ring;
  search: Ring;
  /** Each attachment has a key of its own, made from this one and its salt. */
  blobs: { files: CryptoKey; names: CryptoKey };
};

/** The keys that follow from the data key; the caller overwrites the data key afterwards. */
export async function deriveKeys(dataKey: Bytes): Promise<Keys> {
  const base = await crypto.subtle.importKey('raw', dataKey, 'HKDF', false, [
    'deriveKey',
    'deriveBits',
  ]);
  return {
    records: { seal: await aes(base, 'records'), names: await hmac(base, 'records names') },
    search: { seal: await aes(base, 'search'), names: await hmac(base, 'search names') },
    blobs: { files: await hkdf(base, 'blobs'), names: await hmac(base, 'blobs names') },
  };
}

/** The key of one attachment, good for one writing of it. */
export function fileKey(files: CryptoKey, salt: Bytes): Promise<CryptoKey> {
  return aes(files, 'file', salt);
}

/** What stands on the disk in place of names. */
export async function hiddenName(
  key: CryptoKey,
  ...parts: (string | Uint8Array)[]
): Promise<Bytes> {
  const mac = await crypto.subtle.sign('HMAC', key, framed(...parts));
  return new Uint8Array(mac, 0, NAME_BYTES).slice();
}

function aes(base: CryptoKey, use: string, salt?: Bytes): Promise<CryptoKey> {
  const wanted = { name: 'AES-GCM', length: 256 };
  return crypto.subtle.deriveKey(by(use, salt), base, wanted, false, ['encrypt', 'decrypt']);
}

function hmac(base: CryptoKey, use: string): Promise<CryptoKey> {
  const wanted = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  return crypto.subtle.deriveKey(by(use), base, wanted, false, ['sign']);
}

async function hkdf(base: CryptoKey, use: string): Promise<CryptoKey> {
  const bits = new Uint8Array(await crypto.subtle.deriveBits(by(use), base, 256));
  try {
    return await crypto.subtle.importKey('raw', bits, 'HKDF', false, ['deriveKey']);
  } finally {
    bits.fill(0);
  }
}

function by(use: string, salt: Bytes = new Uint8Array()): HkdfParams {
  return { name: 'HKDF', hash: 'SHA-256', salt, info: utf8(`fernamt-container-v1 ${use}`) };
}
