import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { conditionText, reasonText } from './words.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

const condition = (code: string, holds: boolean, expected: string, actual: string) => ({
  code,
  holds,
  params: { expected, actual },
});

describe('why, in words', () => {
  it('names kinds, states and methods in the reader’s language', () => {
    expect(conditionText(condition('device_kind', false, 'browser, stick', 'ssh_key'))).toBe(
      'Verlangt wird ein Gerät der Art Browser oder Stick. Hier ist es: SSH-Schlüssel.',
    );
    expect(conditionText(condition('second_factor', false, 'true', 'password'))).toContain(
      'Passwort',
    );
  });

  it('turns the server’s days into the reader’s', () => {
    const text = conditionText(
      condition('time', false, 'Mon-Fri 06:00-20:00', 'Sat 2026-11-21 22:10'),
    );
    expect(text).toContain('Mo–Fr 06:00–20:00');
    expect(text).toContain('Sa 21.11.2026 22:10');
  });

  it('shows a condition that it does not know rather than hide it', () => {
    expect(conditionText(condition('moon_phase', false, 'full', 'new'))).toBe(
      'moon_phase · full · new',
    );
  });

  it('says what to do for every reason', () => {
    const answer = { allowed: false, rules: [], next_change: null };
    for (const reason of [
      'person_disabled',
      'target_disabled',
      'device_blocked',
      'faulty_rules',
      'no_rule',
    ]) {
      expect(reasonText({ ...answer, reason }).next).not.toBe('');
    }
    expect(reasonText({ ...answer, allowed: true, reason: 'rule' }).next).toBe('');
  });
});
