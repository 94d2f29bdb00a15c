import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Schema } from '../../../api/client.ts';
import { conditionText, reasonText } from './words.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

type Condition = Schema<'WhyCondition'>;
type Kind = Schema<'WhyTerm'>['kind'];

const terms = (kind: Kind, ...texts: string[]) => texts.map((text) => ({ kind, text }));

const condition = (code: Condition['code'], facts: Partial<Condition> = {}): Condition => ({
  code,
  holds: false,
  expected: [],
  actual: [],
  ...facts,
});

describe('why, in words', () => {
  it('names kinds, states and methods in the reader’s language', () => {
    const kinds = {
      expected: terms('device_kind', 'browser', 'stick'),
      actual: terms('device_kind', 'ssh_key'),
    };
    expect(conditionText(condition('device_kind', kinds))).toBe(
      'Verlangt wird ein Gerät der Art Browser oder Stick. Hier ist es: SSH-Schlüssel.',
    );
    const methods = { actual: terms('method', 'password') };
    expect(conditionText(condition('second_factor', methods))).toContain('Passwort');
    expect(conditionText(condition('subject', { expected: terms('everybody', '') }))).toBe(
      'Sie gilt für alle Personen.',
    );
  });

  it('says windows and moments with the reader’s days', () => {
    const text = conditionText(
      condition('time', {
        windows: [{ weekdays: [1, 2, 3, 4, 5], from: '06:00', to: '20:00' }],
        moment: { date: '2026-11-21', weekday: 6, time: '22:10' },
      }),
    );
    expect(text).toContain('Mo–Fr 06:00–20:00');
    expect(text).toContain('Sa 21.11.2026 22:10');
  });

  it('says what to do for every reason', () => {
    const answer = { allowed: false, rules: [], next_change: null };
    for (const reason of [
      'person_disabled',
      'target_disabled',
      'device_blocked',
      'faulty_rules',
      'no_rule',
    ] as const) {
      expect(reasonText({ ...answer, reason }).next).not.toBe('');
    }
    expect(reasonText({ ...answer, allowed: true, reason: 'rule' }).next).toBe('');
  });
});
