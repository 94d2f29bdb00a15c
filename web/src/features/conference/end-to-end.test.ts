import { beforeEach, describe, expect, it } from 'vitest';
import {
  fragmentOf,
  keyBytes,
  keyIn,
  keyOfHost,
  rememberedSeal,
  rememberSeal,
  withKey,
} from './end-to-end.ts';

const LINK = 'https://fernamt.amt.example/besprechung#geheim_-123';

describe('the key in a link', () => {
  beforeEach(() => {
    localStorage.clear();
    sessionStorage.clear();
  });

  it('is made once in the browser of who invites, and is read out of the link again', () => {
    const key = keyOfHost('meeting');
    expect(keyBytes(key)).toHaveLength(32);
    expect(keyOfHost('meeting')).toBe(key);
    expect(keyOfHost('another')).not.toBe(key);
    const link = withKey(LINK, key);
    expect(fragmentOf(new URL(link).hash)).toEqual({ secret: 'geheim_-123', key });
    for (const pasted of [link, `  ${link}\n`, key]) expect(keyIn(pasted)).toBe(key);
  });

  it('is not taken from a link without one, one that was cut off, or the entry secret', () => {
    const link = withKey(LINK, keyOfHost('meeting'));
    for (const pasted of [LINK, link.slice(0, -1), 'geheim', '', 'https://a.example/x']) {
      expect(keyIn(pasted)).toBeNull();
    }
    expect(fragmentOf(link.slice(link.indexOf('#'), -1)).key).toBeNull();
    expect(fragmentOf('#geheim')).toEqual({ secret: 'geheim', key: null });
  });

  it('is known in the tab by link and meeting, and to no other meeting', () => {
    const key = keyOfHost('mine');
    rememberSeal('secret', key);
    expect(rememberedSeal('secret', 'meeting')).toBe(key);
    expect(rememberedSeal('meeting')).toBeNull();
    expect(rememberedSeal('mine')).toBe(key);
    sessionStorage.setItem('fernamt-meeting-seal:broken', 'short');
    expect(rememberedSeal('broken')).toBeNull();
  });

  it('is forgotten once two hundred newer ones were made', () => {
    const first = keyOfHost('meeting-0');
    for (let meeting = 1; meeting < 200; meeting += 1) keyOfHost(`meeting-${meeting}`);
    expect(rememberedSeal('meeting-0')).toBe(first);
    keyOfHost('meeting-200');
    expect(rememberedSeal('meeting-0')).toBeNull();
  });
});
