import { type Bytes, random, utf8 } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import { buildMessage, hexDigest, integrityOf, type PageBuild } from './page-build.ts';
import { type Policy, policyMessage, type SignedPolicy } from './policy.ts';
import type { ShareKeeper } from './share.ts';
import type { Cost } from './stretch.ts';

/** Argon2id as small as it goes: tests are about what surrounds it. */
export const CHEAP: Cost = { memoryKiB: 8, passes: 1, lanes: 1 };

export const DEVICE = 'device-1';

/** A server that keeps one share, and can be told to refuse. */
export class TestKeeper implements ShareKeeper {
  share: Bytes = random(32);
  refuses: 'no_share' | 'offline' | undefined;
  asked = 0;
  openings = 0;

  async release(): Promise<Uint8Array> {
    this.asked += 1;
    if (this.refuses) throw new ContainerFault(this.refuses);
    return this.share.slice();
  }

  async opened(): Promise<void> {
    this.openings += 1;
  }
}

/** A server that signs policies. */
export class TestSigner {
  readonly publicKey: Bytes;
  readonly #privateKey: CryptoKey;

  private constructor(publicKey: Bytes, privateKey: CryptoKey) {
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  static async start(): Promise<TestSigner> {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
    ]);
    const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
    return new TestSigner(spki, pair.privateKey);
  }

  sign(policy: Partial<Policy> = {}): Promise<SignedPolicy> {
    const whole: Policy = {
      version: 1,
      device: DEVICE,
      serial: 1,
      idle_min: 10,
      offline_until_ms: null,
      copy_out: false,
      print: false,
      download: false,
      watermark: false,
      blur: false,
      files: true,
      attachments: true,
      notices: true,
      ...policy,
    };
    return this.signBytes(utf8(JSON.stringify(whole)));
  }

  async signBytes(bytes: Bytes): Promise<SignedPolicy> {
    return { bytes, signature: await this.#signature(policyMessage(bytes)) };
  }

  /** A page's build of these files. */
  async signBuild(files: Record<string, Bytes>): Promise<PageBuild> {
    const hashed = Object.entries(files).map(async ([path, bytes]) => ({
      path,
      integrity: await integrityOf(bytes),
    }));
    const list = utf8(JSON.stringify(await Promise.all(hashed)));
    const message = utf8(buildMessage(await hexDigest(list)));
    return { list, signature: await this.#signature(message) };
  }

  async #signature(message: Bytes): Promise<Bytes> {
    const by = { name: 'ECDSA', hash: 'SHA-256' };
    return new Uint8Array(await crypto.subtle.sign(by, this.#privateKey, message));
  }
}

/** Every single bit of the bytes turned over, or some of them where there are many. */
export function* flipped(bytes: Bytes, step = 1): Generator<Bytes> {
  for (let bit = 0; bit < bytes.length * 8; bit += step) {
    const changed = bytes.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield changed;
  }
}
