import { type Bytes, join, Reader, random, same, text, u32, utf8 } from './bytes.ts';
import { ContainerFault, isFault } from './fault.ts';
import { NONCE_BYTES, TAG_BYTES } from './seal.ts';
import { SHARE_BYTES } from './share.ts';
import { type Cost, checkCost, type Stretch } from './stretch.ts';

const DATA_KEY_BYTES = 32;
const SALT_BYTES = 16;
const SHARE_ID_BYTES = 16;
const CHECKSUM_BYTES = 32;
const MAX_DEVICE_BYTES = 256;
const MAX_POLICY_KEY_BYTES = 1024;

const VERSION = 1;

/** What stands in front of the wrapped data key, and is covered by its tag. */
export type WrapHead = {
  /** Which device of the server's this container belongs to. */
  device: string;
  /** The public key that policies are signed with (SPKI). */
  policyKey: Bytes;
  cost: Cost;
  salt: Bytes;
  /** Tells the right share from another one without telling the share. */
  shareId: Bytes;
};

/** What opens a wrap: something that the person knows, and something that only this device is given. */
export type Secrets = { passphrase: string; share: Uint8Array; stretch: Stretch };

export function newDataKey(): Bytes {
  return random(DATA_KEY_BYTES);
}

/**
 * Wraps the data key, big endian:
 *
 *     version (1) | Argon2id's memory in KiB, passes and lanes (4 each) | salt (16) | share's id (16)
 *     | length (4) and device | length (4) and policy key
 *     | nonce (12) | data key (32) and tag (16) | SHA-256 of everything before (32)
 *
 * The key is HKDF-SHA-256 over what Argon2id made of the passphrase, followed by the share. All before the nonce is
 * covered by the tag. The checksum is there to tell a damaged disk from a wrong passphrase, not against attackers.
 */
export async function wrap(
  dataKey: Bytes,
  about: Pick<WrapHead, 'device' | 'policyKey' | 'cost'>,
  secrets: Secrets,
): Promise<Bytes> {
  const salt = random(SALT_BYTES);
  const head = packHead({ ...about, salt, shareId: await shareIdOf(secrets.share) });
  const nonce = random(NONCE_BYTES);
  const key = await wrappingKey(secrets, salt, about.cost);
  const sealed = await crypto.subtle.encrypt(gcm(nonce, head), key, dataKey);
  const body = join(head, nonce, new Uint8Array(sealed));
  return join(body, await sha256(body));
}

/**
 * The data key. Refuses with `damaged` (the checksum does not fit), `no_share` (the share is another one) or
 * `wrong_passphrase`. Who changes a wrap on purpose can mend its checksum and is told `wrong_passphrase`: nothing opens.
 */
export async function unwrap(wrapped: Bytes, secrets: Secrets): Promise<Bytes> {
  const { head, bound, nonce, sealed } = await parse(wrapped);
  if (!same(head.shareId, await shareIdOf(secrets.share))) throw new ContainerFault('no_share');
  const key = await wrappingKey(secrets, head.salt, head.cost);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, bound), key, sealed));
  } catch {
    throw new ContainerFault('wrong_passphrase');
  }
}

/** What can be read without any secret; it is to be believed only once the wrap has opened. */
export async function readHead(wrapped: Bytes): Promise<WrapHead> {
  return (await parse(wrapped)).head;
}

async function parse(wrapped: Bytes) {
  const body = wrapped.slice(0, -CHECKSUM_BYTES);
  if (!same(await sha256(body), wrapped.slice(-CHECKSUM_BYTES))) {
    throw new ContainerFault('damaged');
  }
  try {
    return parseBody(body);
  } catch (error) {
    // A device's name that is not UTF-8, for example.
    throw isFault(error, 'damaged') ? error : new ContainerFault('damaged');
  }
}

function parseBody(body: Bytes) {
  const reader = new Reader(body);
  if (reader.u8() !== VERSION) throw new ContainerFault('damaged');
  const cost = { memoryKiB: reader.u32(), passes: reader.u32(), lanes: reader.u32() };
  checkCost(cost);
  const salt = reader.take(SALT_BYTES);
  const shareId = reader.take(SHARE_ID_BYTES);
  const device = text(reader.take(limited(reader.u32(), MAX_DEVICE_BYTES)));
  const policyKey = reader.take(limited(reader.u32(), MAX_POLICY_KEY_BYTES));
  const bound = body.slice(0, reader.at);
  const nonce = reader.take(NONCE_BYTES);
  const sealed = reader.take(DATA_KEY_BYTES + TAG_BYTES);
  reader.end();
  return { head: { device, policyKey, cost, salt, shareId }, bound, nonce, sealed };
}

function packHead({ device, policyKey, cost, salt, shareId }: WrapHead): Bytes {
  checkCost(cost);
  const name = utf8(device);
  limited(name.length, MAX_DEVICE_BYTES);
  limited(policyKey.length, MAX_POLICY_KEY_BYTES);
  return join(
    new Uint8Array([VERSION]),
    ...[cost.memoryKiB, cost.passes, cost.lanes].map(u32),
    salt,
    shareId,
    u32(name.length),
    name,
    u32(policyKey.length),
    policyKey,
  );
}

function limited(length: number, most: number): number {
  if (length > most) throw new ContainerFault('damaged');
  return length;
}

async function wrappingKey(secrets: Secrets, salt: Bytes, cost: Cost): Promise<CryptoKey> {
  const stretched = await secrets.stretch(secrets.passphrase, salt, cost);
  const mixed = join(stretched, secrets.share);
  try {
    const base = await crypto.subtle.importKey('raw', mixed, 'HKDF', false, ['deriveKey']);
    return await crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt, info: utf8('fernamt-container-wrap-v1') },
      base,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    );
  } finally {
    stretched.fill(0);
    mixed.fill(0);
  }
}

/** The share is random, so a hash of it tells nothing that could be guessed. */
async function shareIdOf(share: Uint8Array): Promise<Bytes> {
  if (share.length !== SHARE_BYTES) throw new ContainerFault('no_share');
  return (await sha256(join(utf8('fernamt-container-share-id\0'), share))).slice(0, SHARE_ID_BYTES);
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

function gcm(nonce: Bytes, bound: Bytes): AesGcmParams {
  return { name: 'AES-GCM', iv: nonce, additionalData: bound };
}
