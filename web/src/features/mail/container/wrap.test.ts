// @vitest-environment node
import { expect, test, vi } from 'vitest';
import { join, random } from './bytes.ts';
import { isFault } from './fault.ts';
import { CHEAP, DEVICE, flipped } from './secrets.fixture.ts';
import { type Cost, type Stretch, stretch } from './stretch.ts';
import { newDataKey, readHead, unwrap, wrap } from './wrap.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

const share = random(32);
const policyKey = random(91);
const about = { device: DEVICE, policyKey, cost: CHEAP };
const secrets = { passphrase: 'Linde-Fluss-27', share, stretch };

test('the data key comes back with passphrase and share', async () => {
  const dataKey = newDataKey();
  const wrapped = await wrap(dataKey, about, secrets);
  expect(await unwrap(wrapped, secrets)).toEqual(dataKey);
  expect(await readHead(wrapped)).toMatchObject(about);
});

test('Argon2id gives what its specification gives', async () => {
  // RFC 9106 has vectors with secret and associated data only; this one is of the reference program's tests.
  const salt = new TextEncoder().encode('somesalt');
  const hash = await stretch('password', salt, { memoryKiB: 65_536, passes: 2, lanes: 1 });
  expect(Buffer.from(hash).toString('hex')).toBe(
    '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
  );
});

test('a passphrase is the same however its letters were composed', async () => {
  const dataKey = newDataKey();
  const wrapped = await wrap(dataKey, about, { ...secrets, passphrase: 'Gru\u0308n' });
  expect(await unwrap(wrapped, { ...secrets, passphrase: 'Gr\u00fcn' })).toEqual(dataKey);
});

test('a wrong passphrase, another share and a damaged disk are told apart', async () => {
  const wrapped = await wrap(newDataKey(), about, secrets);
  expect(await faultOf(unwrap(wrapped, { ...secrets, passphrase: 'Linde-Fluss-28' }))).toBe(
    'wrong_passphrase',
  );
  expect(await faultOf(unwrap(wrapped, { ...secrets, share: random(32) }))).toBe('no_share');
  expect(await faultOf(unwrap(wrapped, { ...secrets, share: random(31) }))).toBe('no_share');
  for (const changed of flipped(wrapped, 3)) {
    expect(await faultOf(unwrap(changed, secrets))).toBe('damaged');
  }
  for (let length = 0; length < wrapped.length; length += 7) {
    expect(await faultOf(unwrap(wrapped.slice(0, length), secrets))).toBe('damaged');
  }
});

test('a wrap that was changed on purpose does not open, whatever was changed', async () => {
  const wrapped = await wrap(newDataKey(), about, secrets);
  const body = wrapped.slice(0, -32);
  let asked: Cost | undefined;
  const watched: Stretch = (passphrase, salt, cost) => {
    asked = cost;
    // A tampered cost is within its limits and yet too dear for a test.
    return stretch(passphrase, salt, { ...CHEAP, memoryKiB: (cost.memoryKiB % 64) + 8 });
  };
  for (const changed of flipped(body, 11)) {
    const mended = await withChecksum(changed);
    const fault = await faultOf(unwrap(mended, { ...secrets, stretch: watched }));
    expect(['damaged', 'no_share', 'wrong_passphrase']).toContain(fault);
  }
  expect(asked?.memoryKiB).toBeLessThanOrEqual(256 * 1024);
});

test('the key that policies are signed with is bound to the wrap', async () => {
  const wrapped = await wrap(newDataKey(), about, secrets);
  const at = Buffer.from(wrapped).indexOf(Buffer.from(policyKey));
  const swapped = wrapped.slice(0, -32);
  swapped.set(random(91), at);
  expect(await faultOf(unwrap(await withChecksum(swapped), secrets))).toBe('wrong_passphrase');
});

test('a header that asks for too much is refused before any work', async () => {
  const wrapped = await wrap(newDataKey(), about, secrets);
  const never: Stretch = () => Promise.reject(new Error('stretched'));
  const field = { memory: 1, passes: 5, lanes: 9 };
  for (const [at, value] of [
    [field.memory, 256 * 1024 + 1],
    [field.memory, 0],
    [field.passes, 11],
    [field.passes, 0],
    [field.lanes, 5],
  ] as const) {
    const body = wrapped.slice(0, -32);
    new DataView(body.buffer).setUint32(at, value);
    const greedy = await withChecksum(body);
    expect(await faultOf(unwrap(greedy, { ...secrets, stretch: never }))).toBe('damaged');
  }
});

test('wrapping again changes everything but what is wrapped', async () => {
  const dataKey = newDataKey();
  const before = await wrap(dataKey, about, secrets);
  const after = await wrap(dataKey, about, { ...secrets, passphrase: 'Wiese-Wolke-31' });
  expect(await unwrap(after, { ...secrets, passphrase: 'Wiese-Wolke-31' })).toEqual(dataKey);
  expect(await faultOf(unwrap(after, secrets))).toBe('wrong_passphrase');
  expect((await readHead(after)).salt).not.toEqual((await readHead(before)).salt);
});

async function withChecksum(body: Uint8Array<ArrayBuffer>) {
  return join(body, new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
}

async function faultOf(opening: Promise<unknown>): Promise<string | undefined> {
  const kinds = ['damaged', 'no_share', 'wrong_passphrase'] as const;
  return opening.then(
    () => undefined,
    (error: unknown) => kinds.find((kind) => isFault(error, kind)) ?? String(error),
  );
}
