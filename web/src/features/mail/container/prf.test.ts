// @vitest-environment node
import { expect, test, vi } from 'vitest';
import { type Bytes, join, random } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import type { Policy } from './policy.ts';
import { type Authenticator, browserAuthenticator, closeShare, OfflineKeeper } from './prf.ts';
import { DEVICE, flipped } from './secrets.fixture.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

const UNTIL_MS = 5_000;
const policy: Policy = {
  version: 1,
  device: DEVICE,
  serial: 1,
  idle_min: 10,
  offline_until_ms: UNTIL_MS,
  copy_out: false,
  print: false,
  download: false,
  watermark: false,
  blur: false,
  files: true,
  attachments: true,
  notices: true,
};
const share = random(32);
const credential = random(16);

/** An authenticator as WebAuthn describes it: a MAC per credential. */
function authenticator(secret: Bytes): Authenticator {
  return {
    async evaluate(credential, salt) {
      const bytes = join(secret, credential, salt);
      return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    },
  };
}

const ours = authenticator(random(32));

test('the share comes back with the same authenticator, until the period ends', async () => {
  const kept = await closeShare(share, credential, DEVICE, ours);
  let now = UNTIL_MS - 1;
  const keeper = new OfflineKeeper(kept, policy, ours, () => now);
  expect(await keeper.release()).toEqual(share);
  now = UNTIL_MS;
  await expect(keeper.release()).rejects.toEqual(new ContainerFault('expired'));
});

test('without a granted period the authenticator is not even asked', async () => {
  const kept = await closeShare(share, credential, DEVICE, ours);
  const never: Authenticator = { evaluate: () => Promise.reject(new Error('asked')) };
  const none = { ...policy, offline_until_ms: null };
  const keeper = new OfflineKeeper(kept, none, never, () => 0);
  await expect(keeper.release()).rejects.toEqual(new ContainerFault('expired'));
});

test('another authenticator, another device and changed bytes give nothing', async () => {
  const kept = await closeShare(share, credential, DEVICE, ours);
  const damaged = new ContainerFault('damaged');
  const release = (
    changed: Partial<typeof kept>,
    by = ours,
    device = DEVICE,
  ): Promise<Uint8Array> =>
    new OfflineKeeper({ ...kept, ...changed }, { ...policy, device }, by, () => 0).release();

  await expect(release({}, authenticator(random(32)))).rejects.toEqual(damaged);
  await expect(release({}, ours, 'device-2')).rejects.toEqual(damaged);
  await expect(release({ version: 2 })).rejects.toEqual(damaged);
  for (const field of ['credential', 'salt', 'nonce', 'sealed'] as const) {
    for (const changed of flipped(kept[field], 5)) {
      await expect(release({ [field]: changed })).rejects.toEqual(damaged);
    }
  }
});

test('the share does not stand in what is kept', async () => {
  const kept = await closeShare(share, credential, DEVICE, ours);
  const whole = Buffer.concat([kept.credential, kept.salt, kept.nonce, kept.sealed]);
  expect(whole.includes(Buffer.from(share))).toBe(false);
});

test('a browser without the credential or without PRF says so', async () => {
  // Node has no authenticators at all.
  const answers = [null, { getClientExtensionResults: () => ({}) }];
  for (const answer of answers) {
    Object.defineProperty(globalThis, 'navigator', {
      value: { credentials: { get: async () => answer } },
      configurable: true,
    });
    await expect(
      browserAuthenticator('post.example').evaluate(credential, random(32)),
    ).rejects.toEqual(new ContainerFault('no_authenticator'));
  }
});

test('a credential is made for the secrets alone, and one without them is refused by name', async () => {
  const asked: CredentialCreationOptions[] = [];
  const registered = (prf: unknown) => {
    const made = { rawId: credential.buffer, getClientExtensionResults: () => ({ prf }) };
    const create = async (options: CredentialCreationOptions) => {
      asked.push(options);
      return prf === undefined ? null : made;
    };
    Object.defineProperty(globalThis, 'navigator', {
      value: { credentials: { create } },
      configurable: true,
    });
    return browserAuthenticator('post.example').register({ name: 'ada', displayName: 'Ada' });
  };
  expect(await registered({ enabled: true })).toEqual(credential);
  expect(asked[0]?.publicKey).toMatchObject({
    rp: { id: 'post.example' },
    authenticatorSelection: { userVerification: 'required' },
  });
  await expect(registered({ enabled: false })).rejects.toEqual(new ContainerFault('no_prf'));
  await expect(registered({})).rejects.toEqual(new ContainerFault('no_prf'));
  await expect(registered(undefined)).rejects.toEqual(new ContainerFault('no_authenticator'));
});

test('a browser that says that it has no PRF is not worth asking, one that says nothing is', async () => {
  const told = async (value: unknown) => {
    Object.defineProperty(globalThis, 'PublicKeyCredential', { value, configurable: true });
    return browserAuthenticator('post.example').mayHavePrf();
  };
  expect(await told({})).toBe(true);
  expect(await told({ getClientCapabilities: async () => ({ 'extension:prf': true }) })).toBe(true);
  expect(await told({ getClientCapabilities: async () => ({ 'extension:prf': false }) })).toBe(
    false,
  );
  delete (globalThis as { PublicKeyCredential?: unknown }).PublicKeyCredential;
  expect(await browserAuthenticator('post.example').mayHavePrf()).toBe(false);
});
