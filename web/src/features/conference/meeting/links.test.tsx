import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { withLinks } from './links.tsx';

function drawn(text: string) {
  const place = document.createElement('p');
  place.innerHTML = renderToStaticMarkup(withLinks(text));
  return place;
}
const links = (text: string) =>
  [...drawn(text).querySelectorAll('a')].map((link) => [
    link.getAttribute('href'),
    link.textContent,
  ]);
const link = (address: string) => [address, address];

describe('the addresses in a text', () => {
  it('are links that show where they lead, in a tab that knows nothing of this one', () => {
    const text = 'Siehe https://amt.example/a?b=c#d (und http://intern:8080/x).';
    const place = drawn(text);
    expect(place.textContent).toBe(text);
    expect(links(text)).toEqual([
      link('https://amt.example/a?b=c#d'),
      link('http://intern:8080/x'),
    ]);
    for (const one of place.querySelectorAll('a')) {
      expect([one.target, one.rel]).toEqual(['_blank', 'noopener noreferrer']);
    }
  });

  it('leave the sentence around them alone', () => {
    expect(links('„https://amt.example/a“, <https://amt.example/b>!')).toEqual([
      link('https://amt.example/a'),
      link('https://amt.example/b'),
    ]);
    expect(links('https://amt.example/Stelle_(Amt)...')).toEqual([
      link('https://amt.example/Stelle_(Amt)'),
    ]);
    expect(links('https://amt.example/a\nhttps://amt.example/b')).toHaveLength(2);
  });

  it('are nothing but web addresses', () => {
    for (const text of [
      'javascript:alert(1)',
      'data:text/html,https',
      'file:///etc/passwd mailto:a@b.example ftp://a.example',
      'javascript://https',
      'xhttps://amt.example',
      'https://',
      'https://[',
      'www.amt.example',
    ]) {
      expect(links(text), text).toEqual([]);
    }
  });

  it('do not pretend to lead elsewhere', () => {
    // What stands before an @ is no host.
    expect(links('https://bank.example@boese.example/')).toEqual([]);
    expect(links('https://bank.example:x@boese.example/')).toEqual([]);
    // A Cyrillic letter, full-width letters, a full stop of another script.
    expect(links('https://b\u0430nk.example/a')).toEqual([link('https://xn--bnk-6cd.example/a')]);
    expect(links('https://\uFF42ank.example')).toEqual([link('https://bank.example/')]);
    expect(links('https://bank\u3002example')).toEqual([link('https://bank.example/')]);
    // Signs that nobody sees, or that turn what follows around, end the address.
    for (const hidden of ['\u202E', '\u2066', '\u200B', '\u00AD', '\u0007', '\\']) {
      expect(links(`https://amt.example/a${hidden}b`)).toEqual([link('https://amt.example/a')]);
    }
  });

  it('do not end with the brackets of others, however many', () => {
    expect(links(`https://a.example/${')'.repeat(1_900)}`)).toEqual([link('https://a.example/')]);
  });
});
