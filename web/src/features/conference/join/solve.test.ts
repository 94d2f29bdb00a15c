import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { challengeOf, solve } from './solve.ts';

describe('the proof of work', () => {
  it('is what the server counts', () => {
    const asked = { challenge: 'token', seed: 'seed', puzzles: 4, bits: 8 };
    const steps: number[] = [];
    const { challenge, nonces } = solve(asked, (done) => steps.push(done));
    expect(challenge).toBe('token');
    expect(steps).toEqual([0.25, 0.5, 0.75, 1]);
    nonces.forEach((nonce, puzzle) => {
      const hash = createHash('sha256').update(`seed.${puzzle}.${nonce}`).digest();
      expect(hash[0]).toBe(0);
    });
  });

  it('refuses work without end', () => {
    const asked = { challenge: 'token', seed: 'seed', puzzles: 4, bits: 60 };
    expect(() => solve(asked, () => undefined)).toThrow('too much work');
  });

  it('reads what is asked out of texts', () => {
    const params = { challenge: 'token', seed: 'seed', puzzles: '16', bits: '14' };
    expect(challengeOf(params)).toEqual({
      challenge: 'token',
      seed: 'seed',
      puzzles: 16,
      bits: 14,
    });
    expect(challengeOf({ ...params, bits: 'many' })).toBeNull();
    expect(challengeOf({})).toBeNull();
  });
});
