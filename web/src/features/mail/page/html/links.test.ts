import { expect, it } from 'vitest';
import { linkOf } from './links.ts';

const doubt = (href: string, shown: string) => linkOf(href, shown)?.doubt;

it('opens nothing but pages of the web', () => {
  const others = [
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://x.de/1',
    '//x.de',
    '/konto',
    'x.de',
    'http:x.de',
    'https://',
    'java\nscript:alert(1)',
    `https://x.de/${'x'.repeat(5_000)}`,
  ];
  expect(others.filter((href) => linkOf(href, 'hier'))).toEqual([]);
  expect(linkOf('https://x.de/a?b#c', 'hier')).toEqual({
    href: 'https://x.de/a?b#c',
    host: 'x.de',
    doubt: null,
  });
});

it('doubts a link that leads elsewhere than it says', () => {
  expect(doubt('https://evil.example/x', 'www.sparkasse.de')).toBe('other_host');
  expect(doubt('https://evil.example/x', 'https://sparkasse.de/anmelden')).toBe('other_host');
  expect(doubt('https://sparkasse.de.evil.example', 'Zu sparkasse.de.')).toBe('other_host');
  expect(doubt('https://evilsparkasse.de', 'sparkasse.de')).toBe('other_host');
  expect(doubt('https://www.sparkasse.de/x', 'sparkasse.de')).toBeNull();
  expect(doubt('https://online.sparkasse.de/x', 'sparkasse.de')).toBeNull();
  expect(doubt('https://xn--bcher-kva.de', 'bücher.de')).toBe('look_alike');
  expect(doubt('https://kreis.example', 'Antrag.pdf')).toBeNull();
  expect(doubt('https://kreis.example', 'Zum Antrag, bitte. Danke')).toBeNull();
});

it('doubts hosts that hide what they are', () => {
  expect(doubt('https://pаypal.com', 'hier')).toBe('look_alike');
  expect(doubt('http://192.0.2.7/anmelden', 'hier')).toBe('number');
  expect(doubt('http://3221225985/', 'hier')).toBe('number');
  expect(doubt('http://[2001:db8::1]/', 'hier')).toBe('number');
  expect(doubt('https://www.sparkasse.de@evil.example', 'hier')).toBe('user_part');
});
