import { describe, expect, it } from 'vitest';
import { pngOf } from '../viewers/office/files.fixture.ts';
import { cleanHtml } from './clean.ts';

const picture = (width = 1, height = 1, bytes = 0) => {
  const content = Buffer.concat([pngOf(width, height), Buffer.alloc(bytes)]);
  return `data:image/png;base64,${content.toString('base64')}`;
};
const PIXEL = picture();

function clean(
  html: string,
  pictures: [string, string][] = [],
  nonce: string | null = null,
  loaded: [string, string][] = [],
) {
  const result = cleanHtml(html, {
    nonce,
    pictures: new Map(pictures),
    loaded: new Map(loaded),
    words: { leadsTo: (host) => `führt zu ${host}`, picture: 'Bild', title: 'T', language: 'de' },
  });
  if (!result) throw new Error('too deep');
  const text = result.document as unknown as string;
  return { ...result, text, body: /<main>(.*)<\/main>/s.exec(text)?.[1] ?? '' };
}

describe('a cleaned message', () => {
  it('keeps what is said and how it is ordered', () => {
    expect(clean('<h1>Antrag</h1><p align="right">Guten <b>Tag</b></p>').body).toBe(
      '<h1>Antrag</h1><p align="right">Guten <b>Tag</b></p>',
    );
  });

  it('has nothing that runs, sends or fetches', () => {
    const { body } = clean(
      `<script>x()</script><img src=x onerror=x()><svg onload=x()><math href="javascript:x()">m</math>
      <form action="https://e.example"><input name=a><button>Los</button></form><base href="https://e.example">
      <meta http-equiv=refresh content="0;url=https://e.example"><link rel=stylesheet href="https://e.example">
      <iframe src="https://e.example"></iframe><object data=x></object><embed src=x><table background="https://e.example">
      </table><video src=x poster=x></video><a ping="https://e.example" href="javascript:x()">a</a><p id=x name=y>P</p>`,
    );
    expect(body).not.toMatch(
      /script|onerror|onload|https|<svg|<math|<form|<input|<button|\sid=|\sname=/i,
    );
    expect(body).toContain('P');
  });

  it('shows pictures that came with it, and counts those that did not', () => {
    const { body, blocked } = clean(
      `<img src="cid:a%40b" alt="Wappen"><img src="${PIXEL}"><img src="https://e.example/x.png" alt="Anzeige">
      <img src="https://e.example/t.gif" width="1" height="1"><img src="data:image/svg+xml;base64,AAAA">
      <img src="cid:none"><img src="//e.example/y.png">`,
      [['a@b', PIXEL]],
    );
    expect(body.match(/<img/g)).toHaveLength(2);
    expect(body).not.toContain('e.example');
    expect(body).toContain('<span class="fernamt-picture">Anzeige</span>');
    expect(blocked).toBe(5);
  });

  it('tells where pictures could be had, and asks for none itself', () => {
    const { remote, text, blocked } = clean(
      `<img src="https://e.example/a.png?x=1&amp;y=2#z"><img src=" HTTP://E.example/b c.png "><img src="https://e.example/a.png?x=1&amp;y=2">
      <img src="https://e.example/t.gif" width="1"><img src="https://e.example/t.gif" height="0"><img src="//e.example/y.png">
      <img src="https://ada:x@e.example/y.png"><img src="ftp://e.example/y.png"><img src="https:"><img src="x.png"><img src="cid:none">
      <img src="https://e.example/${'x'.repeat(8_000)}"><img src="data:image/svg+xml;base64,AAAA">`,
    );
    expect(remote).toEqual(['https://e.example/a.png?x=1&y=2', 'http://e.example/b%20c.png']);
    expect(text).not.toContain('e.example');
    expect(blocked).toBe(13);
  });

  it('asks for none that says by its style that nobody should see it', () => {
    const shown = (style: string) =>
      clean(`<img src="https://e.example/a.png" alt="Zeichen" style="${style}">`);
    for (const style of [
      'display:none',
      'color:red; DISPLAY : NONE !important',
      'width:1px',
      'border:0;height: 3px ;',
      'max-width:2.5px!important',
      'max-height:0',
      'height:0%',
    ]) {
      const { remote, body, blocked } = shown(style);
      expect([remote, body, blocked], style).toEqual([[], '', 1]);
    }
    for (const style of [
      '',
      'display:block',
      'width:4px',
      'width:3em',
      'height:auto',
      'min-width:1px',
      'border-width:1px',
      'line-height:0',
      'width:100%',
    ]) {
      expect(shown(style).remote, style).toHaveLength(1);
    }
  });

  it('reads sizes as browsers do', () => {
    const asked = (size: string) =>
      clean(`<img src="https://e.example/a.png" width="${size}">`).remote.length;
    for (const trace of ['0', ' 3', '1px', '2em', '2 000', '2.5', '0%'])
      expect(asked(trace), trace).toBe(0);
    for (const shown of ['1%', '4', '100%', 'auto', '']) expect(asked(shown), shown).toBe(1);
  });

  it('shows the pictures that were loaded in their places, and nothing else of them', () => {
    const { remote, body, blocked } = clean(
      `<img src="https://e.example/a.png#1" alt="Plan"><img src="https://e.example/b.png" alt="Karte">
      <img src="https://e.example/t.gif" width="1">`,
      [],
      null,
      [
        ['https://e.example/a.png', PIXEL],
        ['https://e.example/t.gif', PIXEL],
      ],
    );
    expect(body.match(/<img/g)).toHaveLength(1);
    expect(body).toMatch(/<img[^>]*alt="Plan"/);
    expect(body).toContain(`src="${PIXEL}"`);
    expect(body).toContain('<span class="fernamt-picture">Karte</span>');
    expect(body).not.toContain('e.example');
    expect([remote, blocked]).toEqual([['https://e.example/b.png'], 2]);
  });

  it('shows a picture again and again only as far as a page can bear it, wherever it comes from', () => {
    const large = picture(9, 9, 15_000_000);
    const elsewhere = '<img src="https://e.example/a.png" alt="">';
    const own = '<img src="cid:a" alt="">';
    const both = clean(elsewhere.repeat(3) + own.repeat(3), [['a', large]], null, [
      ['https://e.example/a.png', large],
    ]);
    expect([both.body.match(/<img/g)?.length, both.remote, both.blocked]).toEqual([2, [], 4]);
    expect([both.left, both.others]).toEqual([1, 3]);
    expect(clean(own.repeat(60), [['a', large]]).body.match(/<img/g)).toHaveLength(2);
    expect(clean(own.repeat(60), [['a', PIXEL]]).body.match(/<img/g)).toHaveLength(60);
  });

  it('has no more dots drawn than a page can bear, each picture counted once', () => {
    const photos = ['a', 'b', 'c'].map((cid, at): [string, string] => [
      cid,
      picture(8_000, 5_000 + at),
    ]);
    const html = photos.map(([cid]) => `<img src="cid:${cid}" alt="${cid}">`).join('');
    const { body, blocked } = clean(html + html, photos);
    expect([body.match(/<img/g)?.length, blocked]).toEqual([4, 2]);
    expect(body).toContain('<span class="fernamt-picture">c</span>');
    // What stands in the text itself is no better.
    expect(clean(`<img src="${picture(60_000, 60_000)}">`).body).not.toContain('<img');
    expect(clean('<img src="data:image/png;base64,AAAA">').body).not.toContain('<img');
  });

  it('marks links that are not what they seem, and opens the others elsewhere', () => {
    const { body, doubts } = clean(
      '<a href="https://evil.example/x" target="_top">www.sparkasse.de</a> <a href="https://kreis.example">Kreis</a>',
    );
    expect(doubts).toEqual([
      { shown: 'www.sparkasse.de', host: 'evil.example', doubt: 'other_host' },
    ]);
    expect(body).toContain('führt zu evil.example');
    expect(body.match(/target="_blank" rel="noopener noreferrer nofollow"/g)).toHaveLength(2);
    expect(body).not.toContain('_top');
  });

  it('lets styles in by the nonce of the page only', () => {
    expect(clean('<p>x</p>', [], 'abc').text).toContain("style-src 'nonce-abc'");
    expect(clean('<p>x</p>', [], 'abc').text).toContain('<style nonce="abc">');
  });

  it('is not made of what is nested too deeply', () => {
    const words = { leadsTo: String, picture: '', title: '', language: 'de' };
    const options = { nonce: null, pictures: new Map<string, string>(), words };
    expect(cleanHtml('<x><button></x></button>'.repeat(600), options)).toBeNull();
    expect(cleanHtml('<div>'.repeat(100), options)).not.toBeNull();
  });

  it('cannot be marked or printed where that is held up, and says nothing of it elsewhere', () => {
    const words = { leadsTo: String, picture: '', title: '', language: 'de' };
    const framed = (guarded?: { copy: boolean; print: boolean }) =>
      String(
        cleanHtml('<p style="user-select:all!important">x</p>', {
          nonce: null,
          pictures: new Map(),
          words,
          ...(guarded && { guarded }),
        })?.document,
      );
    expect(framed({ copy: true, print: false })).toContain('user-select:none!important');
    expect(framed({ copy: true, print: false })).not.toContain('@media print');
    expect(framed({ copy: false, print: true })).toContain('@media print{html{display:none');
    expect(framed()).not.toContain('user-select:none');
  });

  it('does not imitate our own marks', () => {
    expect(clean('</main></body><script>x</script><p>danach</p>').body).toBe('<p>danach</p>');
  });
});
