/**
 * The browser's device key: a P-256 key that never leaves the browser. A copied cookie is worth
 * nothing without it.
 */
const DATABASE = 'fernamt';
const STORE = 'keys';
const NAME = 'device';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** What a signature is good for; the server keeps the uses apart. */
export type Purpose = 'fernamt-sign-in' | 'fernamt-rotate';

export type DeviceProof = { public_key: string; signature: string; name: string };

/** Proves that this browser holds its key. */
export async function proveDevice(purpose: Purpose, challenge: string): Promise<DeviceProof> {
  const key = await deviceKey();
  const spki = await crypto.subtle.exportKey('spki', key.publicKey);
  return {
    public_key: base64url(new Uint8Array(spki)),
    signature: await sign(key, purpose, challenge),
    name: deviceName(navigator.userAgent),
  };
}

/** Signs a challenge, for the rotation of a session. */
export async function signChallenge(purpose: Purpose, challenge: string): Promise<string> {
  return sign(await deviceKey(), purpose, challenge);
}

/** "Firefox, Windows": what the person sees in the list of devices. */
export function deviceName(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /OPR\//.test(agent)
      ? 'Opera'
      : /Firefox\/|FxiOS\//.test(agent)
        ? 'Firefox'
        : /Chrom(e|ium)\/|CriOS\//.test(agent)
          ? 'Chrome'
          : /Safari\//.test(agent)
            ? 'Safari'
            : 'Browser';
  const system = /iPhone|iPad/.test(agent)
    ? 'iOS'
    : /Android/.test(agent)
      ? 'Android'
      : /Windows/.test(agent)
        ? 'Windows'
        : /Mac OS X/.test(agent)
          ? 'macOS'
          : /Linux|CrOS/.test(agent)
            ? 'Linux'
            : '';
  return system ? `${browser}, ${system}` : browser;
}

/** Base64 in the alphabet of addresses, without padding. */
export function base64url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

async function sign(key: CryptoKeyPair, purpose: Purpose, challenge: string): Promise<string> {
  const message = new TextEncoder().encode(`${purpose}\0${challenge}`);
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    key.privateKey,
    message,
  );
  return base64url(new Uint8Array(signature));
}

let held: Promise<CryptoKeyPair> | undefined;

function deviceKey(): Promise<CryptoKeyPair> {
  held ??= loadOrMake().catch((error: unknown) => {
    held = undefined;
    throw error;
  });
  return held;
}

async function loadOrMake(): Promise<CryptoKeyPair> {
  const database = await open();
  try {
    const stored = await request<CryptoKeyPair | undefined>(
      database.transaction(STORE).objectStore(STORE).get(NAME),
    );
    if (stored) return stored;
    const made = await crypto.subtle.generateKey(ALGORITHM, false, ['sign']);
    // `add`, not `put`: if another tab was faster, its key is the device.
    const store = database.transaction(STORE, 'readwrite').objectStore(STORE);
    try {
      await request(store.add(made, NAME));
      return made;
    } catch {
      return await request<CryptoKeyPair>(database.transaction(STORE).objectStore(STORE).get(NAME));
    }
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return request(opening);
}

function request<T>(pending: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result);
    pending.onerror = () => reject(pending.error);
  });
}
