import { i18n } from '@lingui/core';
import { beforeAll, expect, test } from 'vitest';
import type { Schema } from '../../../api/client.ts';
import { appFaults, appOf } from './security-app.tsx';

const limits = {
  enrolment_app_chars: 80,
  enrolment_licences: { least: 0, most: 50_000 },
} as Schema<'SettingsLimits'>;
const values = (demanded: boolean, licences: string, name = 'Wächter') => ({
  app_demanded: demanded,
  app_name: name,
  app_licences: licences,
});

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

test('an app that is demanded has a name, and at least one licence', () => {
  for (const licences of ['', '0', '-1', '1.5', 'x', '50001']) {
    expect(Object.keys(appFaults(values(true, licences), limits)), licences).toEqual([
      'app_licences',
    ]);
  }
  for (const licences of ['1', ' 40 ', '50000']) {
    expect(appFaults(values(true, licences), limits)).toEqual({});
  }
  expect(Object.keys(appFaults(values(true, '1', ' '), limits))).toEqual(['app_name']);
});

test('what is hidden is not checked, and stays as it was', () => {
  const former = { demanded: true, name: 'Wächter', licences: 40 };
  const typed = values(false, 'x', 'ä'.repeat(81));
  expect(appFaults(typed, limits)).toEqual({});
  expect(appOf(typed, former)).toEqual({ ...former, demanded: false });
  expect(appOf(values(true, ' 7 ', ' Neu '), former)).toEqual({
    demanded: true,
    name: 'Neu',
    licences: 7,
  });
});
