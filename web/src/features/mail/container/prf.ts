import { type Bytes, framed, random, utf8 } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import type { Policy } from './policy.ts';
import { NONCE_BYTES } from './seal.ts';
import { SHARE_BYTES, type ShareKeeper } from './share.ts';

const SALT_BYTES = 32;
const VERSION = 1;
/** COSE's names of what credentials are signed with; nobody here checks it. */
const ES256 = -7;
const RS256 = -257;

/** Somebody who makes 32 secret bytes of a salt, after the person has confirmed it: WebAuthn's PRF. */
export interface Authenticator {
  /** Refuses with `no_authenticator`. */
  evaluate(credential: Bytes, salt: Bytes): Promise<Bytes>;
}

/** Somebody who makes a credential that secrets can be made with. */
export interface Registrar extends Authenticator {
  /** Whether it is worth asking; false where it is known that this browser has no PRF. */
  mayHavePrf(): Promise<boolean>;
  /** Refuses with `no_prf`, or with `no_authenticator` where none answered or the person declined. */
  register(person: { name: string; displayName: string }): Promise<Bytes>;
}

/** The device share as it lies on the disk, closed by the authenticator: what offline unlocking begins with. */
export type OfflineShare = {
  version: number;
  credential: Bytes;
  salt: Bytes;
  nonce: Bytes;
  sealed: Bytes;
};

/** Closes the share with the authenticator's PRF, for this device only. */
export async function closeShare(
  share: Uint8Array,
  credential: Bytes,
  device: string,
  authenticator: Authenticator,
): Promise<OfflineShare> {
  if (share.length !== SHARE_BYTES) throw new ContainerFault('no_share');
  const salt = random(SALT_BYTES);
  const nonce = random(NONCE_BYTES);
  const key = await closingKey(authenticator, credential, salt);
  const sealed = await crypto.subtle.encrypt(
    gcm(nonce, credential, device),
    key,
    share as Uint8Array<ArrayBuffer>,
  );
  return { version: VERSION, credential, salt, nonce, sealed: new Uint8Array(sealed) };
}

/** A keeper without a server: within the time that the signed policy grants, and with the person's authenticator. */
export class OfflineKeeper implements ShareKeeper {
  readonly #kept: OfflineShare;
  readonly #policy: Policy;
  readonly #authenticator: Authenticator;
  readonly #now: () => number;

  constructor(kept: OfflineShare, policy: Policy, authenticator: Authenticator, now: () => number) {
    this.#kept = kept;
    this.#policy = policy;
    this.#authenticator = authenticator;
    this.#now = now;
  }

  async release(): Promise<Uint8Array> {
    const until = this.#policy.offline_until_ms;
    if (until === null || this.#now() >= until) throw new ContainerFault('expired');
    const { version, credential, salt, nonce, sealed } = this.#kept;
    if (version !== VERSION) throw new ContainerFault('damaged');
    const key = await closingKey(this.#authenticator, credential, salt);
    const bound = gcm(nonce, credential, this.#policy.device);
    try {
      return new Uint8Array(await crypto.subtle.decrypt(bound, key, sealed));
    } catch {
      throw new ContainerFault('damaged');
    }
  }

  /** Nobody counts offline: each guess takes the authenticator, and Argon2id. */
  async opened(): Promise<void> {}
}

/** The browser's own authenticators. A credential without PRF, or a person who declines, is `no_authenticator`. */
export function browserAuthenticator(relyingParty: string): Registrar {
  return {
    mayHavePrf,
    async register({ name, displayName }) {
      const made = (await navigator.credentials
        .create({
          publicKey: {
            challenge: random(32),
            rp: { id: relyingParty, name: 'Fernamt' },
            // Nobody signs in with it, so it names nobody to a server.
            user: { id: random(32), name, displayName },
            pubKeyCredParams: [ES256, RS256].map((alg) => ({ type: 'public-key', alg })),
            // Some platforms give secrets to discoverable credentials only; security keys need not spend room on them.
            authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
            extensions: { prf: {} },
          },
        })
        .catch(() => null)) as PublicKeyCredential | null;
      if (!made) throw new ContainerFault('no_authenticator');
      if (!made.getClientExtensionResults().prf?.enabled) throw new ContainerFault('no_prf');
      return new Uint8Array(made.rawId);
    },
    async evaluate(credential, salt) {
      const answer = await navigator.credentials
        .get({
          publicKey: {
            challenge: random(32),
            rpId: relyingParty,
            allowCredentials: [{ type: 'public-key', id: credential }],
            userVerification: 'required',
            extensions: { prf: { eval: { first: salt } } },
          },
        })
        .catch(() => null);
      const results = (answer as PublicKeyCredential | null)?.getClientExtensionResults();
      const first = results?.prf?.results?.first;
      if (!first) throw new ContainerFault('no_authenticator');
      return new Uint8Array(first as ArrayBuffer);
    },
  };
}

type Capabilities = { getClientCapabilities?: () => Promise<Record<string, boolean>> };

async function mayHavePrf(): Promise<boolean> {
  if (!('PublicKeyCredential' in globalThis)) return false;
  // Older browsers do not tell; the authenticator does.
  const told = await (PublicKeyCredential as Capabilities)
    .getClientCapabilities?.()
    .catch(() => undefined);
  return told?.['extension:prf'] ?? true;
}

async function closingKey(authenticator: Authenticator, credential: Bytes, salt: Bytes) {
  const secret = await authenticator.evaluate(credential, salt);
  try {
    const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
    return await crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt, info: utf8('fernamt-container-offline-share-v1') },
      base,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    );
  } finally {
    secret.fill(0);
  }
}

function gcm(nonce: Bytes, credential: Bytes, device: string): AesGcmParams {
  const place = framed('fernamt-container-offline-share', new Uint8Array([VERSION]), device);
  return { name: 'AES-GCM', iv: nonce, additionalData: framed(place, credential) };
}
