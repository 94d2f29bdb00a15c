// @vitest-environment node
import { beforeAll, expect, test, vi } from 'vitest';
import { type Bytes, framed, join, random, u32, utf8 } from './bytes.ts';
import { ContainerFault, isFault } from './fault.ts';
import { deriveKeys, type Keys } from './keys.ts';
import { padded } from './padding.ts';
import { packRecord, unpackRecord } from './record.ts';
import { seal, unseal } from './seal.ts';
import { flipped } from './secrets.fixture.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

let keys: Keys;
const place = framed('mails', 'm1');
const content = packRecord({ id: 'm1', value: { subject: 'Straße' }, bytes: random(40) });

beforeAll(async () => {
  keys = await deriveKeys(random(32));
});

test('what was sealed comes back', async () => {
  const sealed = await seal(keys.records.seal, place, content);
  expect(await unseal(keys.records.seal, place, sealed)).toEqual(content);
});

test('the same content never looks the same', async () => {
  const one = await seal(keys.records.seal, place, content);
  const other = await seal(keys.records.seal, place, content);
  expect(one).not.toEqual(other);
});

test('a record of this version begins with 1', async () => {
  expect((await seal(keys.records.seal, place, content))[0]).toBe(1);
});

test('every flipped bit is noticed', async () => {
  const sealed = await seal(keys.records.seal, place, content);
  for (const changed of flipped(sealed)) await refused(unseal(keys.records.seal, place, changed));
});

test('every cut is noticed', async () => {
  const sealed = await seal(keys.records.seal, place, content);
  for (let length = 0; length < sealed.length; length += 1) {
    await refused(unseal(keys.records.seal, place, sealed.slice(0, length)));
  }
  await refused(unseal(keys.records.seal, place, join(sealed, random(1))));
});

test('a record opens neither in another place nor with another key', async () => {
  const sealed = await seal(keys.records.seal, place, content);
  await refused(unseal(keys.records.seal, framed('mails', 'm2'), sealed));
  await refused(unseal(keys.records.seal, framed('mailsm', '1'), sealed));
  await refused(unseal(keys.search.seal, place, sealed));
});

test('a record written in clear by the build for the scan does not open here', async () => {
  const inClear = join(new Uint8Array([0]), random(12), content, utf8('NOT SEALED: TEST'));
  await refused(unseal(keys.records.seal, place, inClear));
});

test('keys can not be taken out', async () => {
  const { records, search, blobs } = keys;
  const all = [records.seal, records.names, search.seal, search.names, blobs.files, blobs.names];
  expect(all.map((key) => key.extractable)).toEqual(all.map(() => false));
});

test('content of any shape comes back from its packing', () => {
  const values = [null, 0, '', 'ä\u0000\ud83d\ude00', [], [1, [2]], { a: { b: [null, true] } }];
  for (const value of values) {
    for (const length of [0, 1, 63, 64, 65, 1000]) {
      const bytes = random(length);
      expect(unpackRecord(packRecord({ id: `id ${length}`, value, bytes }))).toEqual({
        id: `id ${length}`,
        value,
        bytes,
      });
    }
  }
});

test('lengths that lead out of a record are damaged, not read', () => {
  const wrong = join(u32(0xffffffff), u32(4), u32(0), utf8('m1null')) as Bytes;
  expect(() => unpackRecord(wrong)).toThrow(ContainerFault);
  expect(() => unpackRecord(new Uint8Array(3))).toThrow(ContainerFault);
});

test('padding hides the exact length for at most 12 %', () => {
  for (let length = 0; length < 300_000; length += 97) {
    expect(padded(length)).toBeGreaterThanOrEqual(length);
    expect(padded(length)).toBeLessThanOrEqual(Math.max(64, length * 1.12));
    expect(padded(padded(length))).toBe(padded(length));
  }
  expect(new Set(Array.from({ length: 1000 }, (_, index) => padded(20_000 + index))).size).toBe(2);
});

async function refused(opening: Promise<unknown>): Promise<void> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isFault(error, 'damaged')).toBe(true);
}
