import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf } from './outcome.tsx';

const WHYS = [
  'left',
  'removed',
  'not_admitted',
  'meeting_ended',
  'time_over',
  'cancelled',
  'revoked',
  'elsewhere',
  'locked',
  'full',
  'enter_again',
  'bad_name',
  'restart',
  'malformed',
] as const;

describe('how a presence ended', () => {
  beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

  it('calls a lecture a lecture, and a meeting a meeting', () => {
    for (const why of WHYS) {
      const said = (lecture: boolean) => JSON.stringify(outcomeOf(why, lecture));
      expect(said(true)).not.toMatch(/Besprechung/);
      expect(said(false)).not.toMatch(/Vortrag/);
    }
    expect(outcomeOf('meeting_ended', true).title).toBe('Der Vortrag ist beendet');
  });
});
