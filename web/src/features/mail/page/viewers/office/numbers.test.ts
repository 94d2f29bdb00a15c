import { expect, it } from 'vitest';
import { formOf, written } from './numbers.ts';

const said = (value: number, code?: string, id = 164) =>
  written(value, formOf(id, code), false, 'de-DE').replace(/\u00a0/g, ' ');

it('groups thousands where the format does', () => {
  expect(said(1234567.5, '#,##0.00')).toBe('1.234.567,50');
  expect(said(1234567.5, '0.00')).toBe('1234567,50');
  expect(said(1234.4, undefined, 3)).toBe('1.234');
  expect(said(1234.4, undefined, 0)).toBe('1234,4');
  expect(said(0.195, '#,##0.0%')).toBe('19,5 %');
});

it('shows which money it is, however the format names it', () => {
  expect(said(-1234.5, '#,##0.00\\ "€"')).toBe('-1.234,50 €');
  expect(said(1234.5, '#,##0.00 [$€-407];[Red]-#,##0.00 [$€-407]')).toBe('1.234,50 €');
  expect(said(1234.5, '_-* #,##0.00 "€"_-')).toBe('1.234,50 €');
  expect(said(5, '"CHF" 0')).toBe('5 CHF');
  expect(said(5, '[$£-809]#,##0.00')).toBe('5,00 £');
  expect(said(5, '"$"#,##0')).toBe('5 $');
  expect(said(5, '[$$-409]#,##0')).toBe('5 $');
  expect(said(5, '[$-407]0.0')).toBe('5,0');
});
