import { describe, expect, it } from 'vitest';
import {
  isAddress,
  joined,
  looksLikeHouse,
  MAX_RECIPIENTS,
  outside,
  parseAddresses,
  pretends,
} from './addresses.ts';

const at = (email: string, name: string | null = null) => ({ name, email });

describe('recipients', () => {
  it('are read as people write and paste them', () => {
    expect(parseAddresses('e@x.de')).toEqual([at('e@x.de')]);
    expect(
      parseAddresses('Erika <e@x.de>, "Linde, Max" <m@x.de>; z@x.de\nmailto:w@x.de\n\n ,'),
    ).toEqual([at('e@x.de', 'Erika'), at('m@x.de', 'Linde, Max'), at('z@x.de'), at('w@x.de')]);
    expect(parseAddresses('"Er \\"E\\" Ka" < e@x.de >')).toEqual([at('e@x.de', 'Er "E" Ka')]);
    expect(parseAddresses('')).toEqual([]);
  });

  it('keep what is no address, so that it can be mended', () => {
    expect(parseAddresses('erika, e@x.de')).toEqual([at('erika'), at('e@x.de')]);
    expect(parseAddresses('"offen, e@x.de\nz@x.de')).toEqual([at('"offen, e@x.de'), at('z@x.de')]);
    expect(parseAddresses('Erika <>')).toEqual([at('', 'Erika')]);
  });

  it('lose the marks that are not seen, which a copied address brings along', () => {
    expect(parseAddresses('\u2068Erika <e@x.de>\u2069, \u202Am@x.de\u202C')).toEqual([
      at('e@x.de', 'Erika'),
      at('m@x.de'),
    ]);
    expect(parseAddresses('\u200EErika <\u200Ee@x.de\u200F>\u200E; \uFEFFz@\u200Bx.de')).toEqual([
      at('e@x.de', 'Erika'),
      at('z@x.de'),
    ]);
    expect(parseAddresses('\u2066\u2069, \u200E')).toEqual([]);
  });

  it('are not more than a message may have', () => {
    const many = Array.from({ length: MAX_RECIPIENTS + 5 }, (_, id) => `p${id}@x.de`).join(',');
    expect(parseAddresses(many)).toHaveLength(MAX_RECIPIENTS);
  });

  it('stand once in a list', () => {
    expect(joined([at('e@x.de')], [at('E@X.de'), at('m@x.de'), at('m@x.de')])).toEqual([
      at('e@x.de'),
      at('m@x.de'),
    ]);
  });
});

describe('an address', () => {
  it('is told from what is none', () => {
    const good = ['e@x.de', 'erika.linde+amt@post.x.de', "o'neil@x.de", 'root@host'];
    const bad = [
      'ä@x.de',
      'e@bücher.de',
      'erika',
      'e@',
      '@x.de',
      'e@x..de',
      'e@-x.de',
      'e..l@x.de',
      '.e@x.de',
      'e l@x.de',
      'e@x.de>',
      'e@x@y.de',
      'e@x.de\r\nBcc: b@x.de',
      `${'e'.repeat(65)}@x.de`,
      `e@${'x.'.repeat(130)}de`,
    ];
    expect(good.filter((text) => !isAddress(text))).toEqual([]);
    expect(bad.filter(isAddress)).toEqual([]);
  });

  it('lies outside unless it is of the house or below it', () => {
    const list = ['a@stadt.example', 'b@amt.stadt.example', 'c@kreis.example', 'd@nstadt.example'];
    const found = outside(
      list.map((email) => at(email)),
      'ich@Stadt.example',
    );
    expect(found.map(({ email }) => email)).toEqual(['c@kreis.example', 'd@nstadt.example']);
  });

  it('looks like the house where one takes it for it, and is not of it', () => {
    const alike = [
      'stadt-beispielau.example',
      'stadtbeispie1au.example',
      'stadtbeispielau.com',
      'stadtbeispielau.example.evil.net',
      'stadtbeispeilau.example',
      'stadtbeispielauu.example',
      'intranet-stadtbeispielau.example',
    ];
    const other = ['stadtbeispielau.example', 'amt.stadtbeispielau.example', 'kreis.example'];
    const looks = (domain: string) => looksLikeHouse(`x@${domain}`, 'ich@StadtBeispielau.example');
    expect(alike.filter((domain) => !looks(domain))).toEqual([]);
    expect(other.filter(looks)).toEqual([]);
    expect(looksLikeHouse('x@amt.example', 'ich@rat.example')).toBe(false);
  });

  it('pretends where the name is another address', () => {
    expect(pretends(at('x@evil.example', 'chef@stadt.example'))).toBe(true);
    expect(pretends(at('chef@stadt.example', 'Chef@stadt.example'))).toBe(false);
    expect(pretends(at('x@evil.example', 'Die Chefin'))).toBe(false);
  });
});
