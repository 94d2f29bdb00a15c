import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sectionAt, sectionsFor } from './sections.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

const pages = (...roles: Parameters<typeof sectionsFor>[0]) =>
  sectionsFor(roles).flatMap(({ sections }) => sections.map(({ to }) => to));

describe('the parts of the administration', () => {
  it('shows data protection the audit log only', () => {
    expect(pages('data_protection')).toEqual(['/verwaltung/protokoll']);
  });

  it('shows the control desk devices, sticks and sessions', () => {
    expect(pages('control_desk')).toEqual([
      '/verwaltung/geraete',
      '/verwaltung/sticks',
      '/verwaltung/sitzungen',
    ]);
  });

  it('shows an administrator everything', () => {
    expect(pages('administrator')).toHaveLength(18);
  });

  it('finds the part of an address', () => {
    expect(sectionAt('/verwaltung')?.to).toBe('/verwaltung');
    expect(sectionAt('/verwaltung/ziele/einspielen')?.to).toBe('/verwaltung/ziele');
    expect(sectionAt('/verwaltung/zieleimer')).toBeUndefined();
  });
});
