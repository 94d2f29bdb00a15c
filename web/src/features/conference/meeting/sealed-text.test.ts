// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { base64url } from '../end-to-end.ts';
import { sealable, TextSeal } from './sealed-text.ts';

const key = (fill: number) => base64url(new Uint8Array(32).fill(fill));

describe('what is written in a sealed meeting', () => {
  let seal: TextSeal;
  beforeAll(async () => {
    seal = await TextSeal.of(key(7), 'meeting');
  });

  it('can be read with the key, and is different each time', async () => {
    const sealed = await seal.seal('Grüße 👋', 'ada');
    expect(sealed).toMatch(/^e1\.[\w-]+$/);
    expect(await seal.seal('Grüße 👋', 'ada')).not.toBe(sealed);
    expect(await seal.open(sealed, 'ada')).toBe('Grüße 👋');
  });

  it('cannot be read with another key or in another meeting, nor put into the mouth of another', async () => {
    const sealed = await seal.seal('geheim', 'ada');
    expect(await (await TextSeal.of(key(8), 'meeting')).open(sealed, 'ada')).toBeNull();
    expect(await (await TextSeal.of(key(7), 'another')).open(sealed, 'ada')).toBeNull();
    expect(await seal.open(sealed, 'ole')).toBeNull();
  });

  it('is not taken for sealed when it came in clear or broken', async () => {
    const sealed = await seal.seal('geheim', 'ada');
    for (const text of ['geheim', 'e1.', 'e1.%%%', sealed.slice(0, -2)]) {
      expect(await seal.open(text, 'ada')).toBeNull();
    }
  });

  it('fits the server’s limits as far as said', async () => {
    for (const chars of [300, 2_000]) {
      const sealed = await seal.seal('x'.repeat(sealable(chars)), 'ada');
      expect(sealed.length).toBeLessThanOrEqual(chars);
    }
  });
});
