import type { Bytes } from './bytes.ts';
import { bytesOf, type Database } from './database.ts';
import { ContainerFault } from './fault.ts';
import { type Policy, type SignedPolicy, verifyPolicy } from './policy.ts';
import type { OfflineShare } from './prf.ts';
import { readHead, type WrapHead } from './wrap.ts';

/** What can be read of a container while it is closed: the wrapped key, the policy, and the share for opening offline. */
export class Header {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async wrapped(): Promise<Bytes | undefined> {
    const wrapped = await this.#database.get('header', 'wrap');
    return wrapped === undefined ? undefined : bytesOf(wrapped);
  }

  /** The wrapped key and what it says of itself, where there is a container at all. */
  async closed(): Promise<{ wrapped: Bytes; head: WrapHead }> {
    const wrapped = await this.wrapped();
    if (!wrapped) throw new ContainerFault('no_container');
    return { wrapped, head: await readHead(wrapped) };
  }

  /** The policy that was kept last. */
  async policy(): Promise<SignedPolicy | undefined> {
    return (await this.#database.get('header', 'policy')) as SignedPolicy | undefined;
  }

  async offlineShare(): Promise<OfflineShare | undefined> {
    return (await this.#database.get('header', 'offline share')) as OfflineShare | undefined;
  }

  /** Keeps the policy. What it does not grant any more is forgotten. */
  async keepPolicy(signed: SignedPolicy, policy: Policy): Promise<void> {
    await this.keep('policy', signed);
    if (policy.offline_until_ms === null) await this.forgetOfflineShare();
  }

  /** Forgets what the policy does not grant. It is not kept: what lies inside has to agree to it first. */
  async heed(signed: SignedPolicy): Promise<void> {
    if (!(await this.offlineShare())) return;
    const policy = await verified(signed, (await this.closed()).head);
    if (policy.offline_until_ms === null) await this.forgetOfflineShare();
  }

  keep(name: 'wrap' | 'policy' | 'offline share', value: unknown): Promise<void> {
    return this.#database.change('header', 'strict', (store) => store.put(value, name));
  }

  async forgetOfflineShare(): Promise<void> {
    await this.#database.change('header', 'strict', (store) => store.delete('offline share'));
  }

  clear(): Promise<void> {
    return this.#database.change('header', 'strict', (store) => store.clear());
  }
}

/** What a signed policy says, if it is signed for this container. */
export async function verified(
  signed: SignedPolicy | undefined,
  { device, policyKey }: Pick<WrapHead, 'device' | 'policyKey'>,
): Promise<Policy> {
  if (!signed) throw new ContainerFault('altered_policy');
  const policy = await verifyPolicy(signed.bytes, signed.signature, policyKey);
  if (policy.device !== device) throw new ContainerFault('altered_policy');
  return policy;
}
