import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { EMPTY_TARGET, faultsOf, fieldsOf, valuesOf } from './form-values.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

const web = {
  ...EMPTY_TARGET,
  name: ' Akten ',
  host: 'akten.intern',
  kind: 'web' as const,
  label: 'akten',
};

describe('a target on its page', () => {
  it('sends only the settings of its kind', () => {
    expect(fieldsOf({ ...web, nla: true, start_path: ' ' })).toMatchObject({
      name: 'Akten',
      port: 3389,
      settings: { kind: 'web', label: 'akten', tls: true, start_path: null },
    });
    expect(fieldsOf({ ...web, kind: 'ssh' }).settings).toEqual({ kind: 'ssh' });
  });

  it('comes back as it was sent', () => {
    for (const kind of ['rdp', 'web', 'ssh', 'tcp'] as const) {
      const fields = fieldsOf({ ...web, kind, domain: 'AMT', start_command: 'psql' });
      expect(fieldsOf(valuesOf(fields))).toEqual(fields);
    }
  });

  it('finds ports, hosts, labels and paths that cannot be', () => {
    expect(faultsOf(web)).toEqual({});
    expect(faultsOf({ ...web, port: '70000' })).toHaveProperty('port');
    expect(faultsOf({ ...web, port: '' })).toHaveProperty('port');
    expect(faultsOf({ ...web, host: 'https://akten.intern' })).toHaveProperty('host');
    expect(faultsOf({ ...web, host: '2001:db8::7' })).toEqual({});
    expect(faultsOf({ ...web, label: 'Akten!' })).toHaveProperty('label');
    expect(faultsOf({ ...web, start_path: 'portal' })).toHaveProperty('start_path');
    expect(faultsOf({ ...web, kind: 'ssh', label: '' })).toEqual({});
  });
});
