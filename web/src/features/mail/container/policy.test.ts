// @vitest-environment node
import { beforeAll, expect, test, vi } from 'vitest';
import { join, utf8 } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import { GUARDS, verifyPolicy } from './policy.ts';
import { flipped, TestSigner } from './secrets.fixture.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

let signer: TestSigner;

beforeAll(async () => {
  signer = await TestSigner.start();
});

test('a signed policy is read', async () => {
  const { bytes, signature } = await signer.sign({ idle_min: 5, offline_until_ms: 1_000 });
  expect(await verifyPolicy(bytes, signature, signer.publicKey)).toMatchObject({
    idle_min: 5,
    offline_until_ms: 1_000,
  });
});

test('where nothing is said of it, ten minutes without a touch lock', async () => {
  const { bytes, signature } = await signer.signBytes(
    utf8('{"version":1,"device":"d","serial":1,"offline_until_ms":null}'),
  );
  expect((await verifyPolicy(bytes, signature, signer.publicKey)).idle_min).toBe(10);
});

test('what a policy does not speak of is not allowed, and what it says must be yes or no', async () => {
  const text = (more: string) =>
    utf8(`{"version":1,"device":"d","serial":1,"offline_until_ms":null${more}}`);
  const read = async (more: string) => {
    const { bytes, signature } = await signer.signBytes(text(more));
    return verifyPolicy(bytes, signature, signer.publicKey);
  };
  // A server that is older than these features gave them to everybody.
  const always = { files: true, attachments: true, notices: true };
  const none = { ...Object.fromEntries(GUARDS.map((guard) => [guard, false])), ...always };
  expect(await read('')).toMatchObject(none);
  expect(await read(',"print":true,"blur":true')).toMatchObject({
    ...none,
    print: true,
    blur: true,
  });
  expect(await read(',"files":false')).toMatchObject({ ...none, files: false });
  await refused(read(',"download":1'));
  await refused(read(',"copy_out":null'));
});

test('every altered bit of policy, signature and key is refused', async () => {
  const { bytes, signature } = await signer.sign();
  for (const changed of flipped(bytes, 3)) {
    await refused(verifyPolicy(changed, signature, signer.publicKey));
  }
  for (const changed of flipped(signature, 3)) {
    await refused(verifyPolicy(bytes, changed, signer.publicKey));
  }
  // The point itself: what stands before it can be written in several ways that mean the same key.
  const [form, point] = [signer.publicKey.slice(0, -64), signer.publicKey.slice(-64)];
  for (const changed of flipped(point, 5)) {
    await refused(verifyPolicy(bytes, signature, join(form, changed)));
  }
});

test("another signer's policy is refused", async () => {
  const { bytes, signature } = await (await TestSigner.start()).sign();
  await refused(verifyPolicy(bytes, signature, signer.publicKey));
});

test('a signed text that is no policy is refused', async () => {
  const texts = [
    '',
    'null',
    '[]',
    '{}',
    '{"version":2,"device":"d","serial":1,"idle_min":10,"offline_until_ms":null}',
    '{"version":1,"device":"d","serial":-1,"idle_min":10,"offline_until_ms":null}',
    '{"version":1,"device":"d","serial":1,"idle_min":0,"offline_until_ms":null}',
    '{"version":1,"device":"d","serial":1,"idle_min":601,"offline_until_ms":null}',
    '{"version":1,"device":"d","serial":1,"idle_min":10}',
    ' '.repeat(17_000),
  ];
  for (const text of texts) {
    const { bytes, signature } = await signer.signBytes(utf8(text));
    await refused(verifyPolicy(bytes, signature, signer.publicKey));
  }
});

async function refused(verifying: Promise<unknown>): Promise<void> {
  await expect(verifying).rejects.toEqual(new ContainerFault('altered_policy'));
}
