// @vitest-environment node
import { i18n } from '@lingui/core';
import { beforeAll, expect, test } from 'vitest';
import { pushFaults, pushOf } from './push.tsx';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

test('hosts are read a line each, in lower case, each once', () => {
  const typed =
    ' FCM.googleapis.com\n\n*.notify.windows.com, web.push.apple.com\nfcm.googleapis.com';
  expect(pushOf({ push: true, push_hosts: typed })).toEqual({
    enabled: true,
    hosts: ['fcm.googleapis.com', '*.notify.windows.com', 'web.push.apple.com'],
  });
});

test('what names no host is told before it is sent', () => {
  const faults = (push_hosts: string, push = true) => pushFaults({ push, push_hosts }).push_hosts;
  const many = (count: number) =>
    Array.from({ length: count }, (_, n) => `p${n}.example`).join('\n');
  for (const fits of ['a.example', '*.a-b.example', many(20)]) expect(faults(fits)).toBeUndefined();
  for (const odd of ['https://a.example', 'push', '*.com', 'a.example:443', 'a..b', '-a.example']) {
    expect(faults(odd)).toContain(odd);
  }
  expect(faults(many(21))).toBeDefined();
  expect(faults('')).toBeDefined();
  expect(faults('', false)).toBeUndefined();
});
