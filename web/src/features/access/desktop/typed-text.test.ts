import { describe, expect, it } from 'vitest';
import { PADDING, typedSince } from './typed-text.ts';

const typed = (before: string, after: string) => typedSince(PADDING + before, PADDING + after);

describe('text that no key typed', () => {
  it('is what came at the end', () => {
    expect(typed('', 'Grüße 12 €')).toEqual({ deletions: 0, text: 'Grüße 12 €' });
    expect(typed('Am', 'Amt')).toEqual({ deletions: 0, text: 't' });
    expect(typed('Amt', 'Amt')).toEqual({ deletions: 0, text: '' });
  });

  it('rewrites a word that the phone corrects', () => {
    expect(typed('Rathuas', 'Rathaus ')).toEqual({ deletions: 3, text: 'aus ' });
  });

  it('deletes also what stood before the field was empty', () => {
    expect(typedSince(PADDING, PADDING.slice(1))).toEqual({ deletions: 1, text: '' });
  });

  it('counts characters, not halves of them', () => {
    expect(typed('a😀', 'a')).toEqual({ deletions: 1, text: '' });
  });
});
