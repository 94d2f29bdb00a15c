import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Held, sectionAt, sectionsFor } from './sections.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

const pages = (...roles: Held['roles']) => pagesOf({ roles, meetings: true, mail: true });
const pagesOf = (held: Held) =>
  sectionsFor(held).flatMap(({ sections }) => sections.map(({ to }) => to));

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
    expect(pages('administrator')).toHaveLength(20);
  });

  it('shows nothing of meetings where the house holds none', () => {
    const left = pagesOf({ roles: ['administrator'], meetings: false, mail: true });
    expect(left).toHaveLength(17);
    expect(left).not.toContain('/verwaltung/webhooks');
  });

  it('shows nothing of mail where the house has none', () => {
    const left = pagesOf({ roles: ['administrator'], meetings: true, mail: false });
    expect(left).toHaveLength(18);
    expect(left).not.toContain('/verwaltung/funktionspostfaecher');
    expect(left).not.toContain('/verwaltung/funktionen');
  });

  it('finds the part of an address', () => {
    expect(sectionAt('/verwaltung')?.to).toBe('/verwaltung');
    expect(sectionAt('/verwaltung/ziele/einspielen')?.to).toBe('/verwaltung/ziele');
    expect(sectionAt('/verwaltung/zieleimer')).toBeUndefined();
  });
});
