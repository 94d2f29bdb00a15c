import { type Bytes, join, text, utf8 } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import { isSigned } from './signed.ts';

const MAX_POLICY_BYTES = 16 * 1024;
const MAX_IDLE_MIN = 600;
const DEFAULT_IDLE_MIN = 10;

/** What the server wants of this device's container. Further fields are for others to read. */
export type Policy = {
  version: 1;
  /** The device that it is meant for. */
  device: string;
  /** Grows with each policy of a device: an old one does not come back. */
  serial: number;
  /** How long nobody needs to do anything until it locks; 10 if nothing is said. */
  idle_min: number;
  /** Until when it may be unlocked without the server; null: never. */
  offline_until_ms: number | null;
} & Record<Guard, boolean>;

/** What may leave the page, what lies over it, and which features it has. */
export const GUARDS = [
  'copy_out',
  'print',
  'download',
  'watermark',
  'blur',
  'files',
  'attachments',
  'notices',
] as const;
export type Guard = (typeof GUARDS)[number];
/**
 * Features that a policy of an older server does not know: everybody had them. Of the others a policy that says nothing allows
 * none, and asks for none.
 */
const NOT_ALWAYS_SAID: readonly Guard[] = ['files', 'attachments', 'notices'];
const UNSAID = Object.fromEntries(GUARDS.map((guard) => [guard, NOT_ALWAYS_SAID.includes(guard)]));

/** A policy as it came from the server: JSON, and over it an ECDSA P-256 signature (r and s, 64 bytes). */
export type SignedPolicy = { bytes: Bytes; signature: Bytes };

/**
 * The policy, if the server signed just these bytes; else `altered_policy`. What is signed is
 * `fernamt-container-policy`, a zero byte and the JSON as it stands, so nobody needs to agree on how JSON is written.
 */
export async function verifyPolicy(
  bytes: Bytes,
  signature: Bytes,
  publicKey: Bytes,
): Promise<Policy> {
  const isShort = bytes.length <= MAX_POLICY_BYTES;
  if (!isShort || !(await isSigned(policyMessage(bytes), signature, publicKey))) {
    throw new ContainerFault('altered_policy');
  }
  return parsePolicy(bytes);
}

/** What a policy's signature is made over. */
export function policyMessage(bytes: Bytes): Bytes {
  return join(utf8('fernamt-container-policy\0'), bytes);
}

function parsePolicy(bytes: Bytes): Policy {
  let said: unknown;
  try {
    said = JSON.parse(text(bytes));
  } catch {
    throw new ContainerFault('altered_policy');
  }
  if (typeof said !== 'object' || said === null) throw new ContainerFault('altered_policy');
  const policy = { idle_min: DEFAULT_IDLE_MIN, ...UNSAID, ...said };
  if (!isPolicy(policy)) throw new ContainerFault('altered_policy');
  return policy;
}

function isPolicy(said: object): said is Policy {
  const { version, device, serial, idle_min, offline_until_ms } = said as Record<string, unknown>;
  return (
    version === 1 &&
    typeof device === 'string' &&
    isCount(serial) &&
    isCount(idle_min) &&
    idle_min >= 1 &&
    idle_min <= MAX_IDLE_MIN &&
    (offline_until_ms === null || isCount(offline_until_ms)) &&
    GUARDS.every((guard) => typeof (said as Record<string, unknown>)[guard] === 'boolean')
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
