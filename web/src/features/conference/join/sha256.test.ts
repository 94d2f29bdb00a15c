import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { leadingZeros, sha256 } from './sha256.ts';

const hex = (words: Uint32Array) =>
  [...words].map((word) => word.toString(16).padStart(8, '0')).join('');

describe('our SHA-256', () => {
  it('says the same as the real one, whatever the length', () => {
    for (let length = 0; length < 200; length += 1) {
      const text = 'aß€0'.repeat(length).slice(0, length);
      expect(hex(sha256(text))).toBe(createHash('sha256').update(text).digest('hex'));
    }
  });

  it('counts the zeros at the front', () => {
    expect(leadingZeros(Uint32Array.of(0x8000_0000, 0))).toBe(0);
    expect(leadingZeros(Uint32Array.of(0x0000_ffff, 0))).toBe(16);
    expect(leadingZeros(Uint32Array.of(0, 0x4000_0000))).toBe(33);
  });
});
