import { expect, it } from 'vitest';
import { isTooMuch, plainText } from './plain.ts';

it('draws what people send, however sloppy', () => {
  const newsletter = `<table><tr><td><div><p>Text<br><img src=x></div></table>`.repeat(700);
  expect(isTooMuch(newsletter)).toBe(false);
  expect(isTooMuch('<p>'.repeat(10_000))).toBe(false);
});

it('does not draw what would make the browser stand still', () => {
  expect(isTooMuch('<div>'.repeat(501))).toBe(true);
  expect(isTooMuch('<b><i>'.repeat(300))).toBe(true);
  // Ends of what was never begun close nothing.
  expect(isTooMuch('<div></x>'.repeat(501))).toBe(true);
  expect(isTooMuch('<p>'.repeat(12_001))).toBe(true);
  expect(isTooMuch('x'.repeat(1_500_001))).toBe(true);
});

it('reads the words out of an HTML text', () => {
  const html = `<head><title>T</title></head><style>p{color:red}</style><h1>Antrag</h1><p>Guten  <b>Tag</b>,</p>
    <!-- <b>nicht</b> --><div>a &lt; b &amp;amp; c</div><script>x<y</script><p>Ende`;
  expect(plainText(html)).toBe('Antrag\n\nGuten Tag,\n\na < b &amp; c\n\nEnde');
  expect(plainText('<style>'.repeat(50_000))).toBe('');
  expect(plainText('<a '.repeat(100_000)).length).toBeGreaterThan(0);
});
