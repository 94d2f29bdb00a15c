import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { breakOf, outcomeText } from './outcome-text.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

const end = (code: number, word: string, goodbye: string | null = null, logonFailed = false) => ({
  close: { code, word },
  goodbye,
  logonFailed,
});

describe('the end of a desktop', () => {
  it('is a broken line where nobody closed it, or the server says so', () => {
    expect(breakOf(end(1006, ''), false)).toBe('line');
    expect(breakOf(end(4000, 'line_lost'), false)).toBe('line');
    expect(breakOf(end(4415, 'shutdown'), false)).toBe('line');
  });

  it('is a broken desktop where it fell silent, and the end where it took its leave', () => {
    expect(breakOf(end(1000, 'desktop_ended'), false)).toBe('desktop');
    expect(breakOf(end(1000, 'desktop_ended', 'UserRequested'), false)).toBeNull();
  });

  it('is worth waiting for only if the desktop was there a moment ago', () => {
    expect(breakOf(end(4421, 'target_unreachable'), true)).toBe('desktop');
    expect(breakOf(end(4421, 'target_unreachable'), false)).toBeNull();
  });

  it('stays the end where a rule, an administrator or a wrong password made it', () => {
    for (const word of [
      'not_allowed',
      'ended_by_administrator',
      'person_disabled',
      'session_ended',
    ])
      expect(breakOf(end(4403, word), true)).toBeNull();
    expect(breakOf(end(1006, '', null, true), true)).toBeNull();
  });

  it('is told apart: taken over, ended by somebody, signed off', () => {
    const title = (goodbye: string) => outcomeText(end(1000, 'desktop_ended', goodbye)).title;
    const titles = [
      'Another user connected to the server, forcing the disconnection of the current connection',
      'The disconnection was initiated by an administrative tool on the server in another session',
      'The idle session limit timer on the server has elapsed',
      'The disconnection was initiated by the user logging off his or her session on the server',
      'UserRequested',
    ].map(title);
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles[0]).toBe('Der Arbeitsplatz wurde an einem anderen Ort geöffnet.');
    expect(titles[3]).toBe('Sie haben sich am Arbeitsplatz abgemeldet.');
  });
});
