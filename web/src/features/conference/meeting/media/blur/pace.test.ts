import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

/** What is said after so many pictures. */
const last = (pace: Pace, pictures: number, ms: number) =>
  Array.from({ length: pictures }, () => pace.add(ms)).at(-1);

describe('the pace of the blur', () => {
  it('says nothing before it has seen enough, however slow the first pictures are', () => {
    const pace = new Pace();
    expect(last(pace, 39, 900)).toBeNull();
    expect(last(pace, 1, 900)).toBe(1);
  });

  it('says how many pictures come where they are too few, and takes single slow ones for nothing', () => {
    const pace = new Pace();
    expect(last(pace, 60, 40)).toBeNull();
    expect(last(pace, 10, 2_000)).toBeNull();
    expect(last(pace, 30, 200)).toBe(5);
  });

  it('takes the warning back only once it is clearly fast enough', () => {
    const pace = new Pace();
    expect(last(pace, 60, 150)).toBe(7);
    expect(last(pace, 60, 90)).toBe(11);
    expect(last(pace, 60, 50)).toBeNull();
  });
});
