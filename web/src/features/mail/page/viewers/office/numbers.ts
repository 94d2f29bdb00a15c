const DAY_MS = 86_400_000;
/** Day 0 of the two calendars of Excel; the older one counts a 29 February 1900 that never was. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
const MAX_DAY = 2_958_466;
const DIGITS = 15;

/** Formats that have a number and no text, as far as they say how a number is written (ECMA-376, 18.8.30). */
const KNOWN: Record<number, string> = {
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  9: '0%',
  10: '0.00%',
  14: 'dd.mm.yyyy',
  15: 'd-mmm-yy',
  16: 'd-mmm',
  17: 'mmm-yy',
  18: 'h:mm AM/PM',
  19: 'h:mm:ss AM/PM',
  20: 'h:mm',
  21: 'h:mm:ss',
  22: 'dd.mm.yyyy h:mm',
  37: '#,##0',
  38: '#,##0',
  39: '#,##0.00',
  40: '#,##0.00',
  45: 'mm:ss',
  46: '[h]:mm:ss',
  47: 'mm:ss.0',
};

/** How the numbers of a cell are written. */
export type NumberForm = {
  kind: 'plain' | 'percent' | 'date' | 'time' | 'moment';
  digits: number | null;
  /** Thousands stand apart. */
  grouped?: true;
  /** ISO 4217. */
  currency?: string;
};

/** Signs of money as formats have them; `[$€-407]` names one with a country. */
const CURRENCIES: readonly [RegExp, string][] = [
  [/€|\bEUR\b/, 'EUR'],
  [/£|\bGBP\b/, 'GBP'],
  [/\bCHF\b/, 'CHF'],
  [/¥|\bJPY\b/, 'JPY'],
  [/\bUSD\b|(?<!\[)\$/, 'USD'],
];

/** What a format means, roughly: whether it is a date, a time or a share, and how many digits it shows. */
export function formOf(id: number, code: string | undefined): NumberForm {
  const format = (code ?? KNOWN[id] ?? '').split(';')[0] ?? '';
  // Texts in quotes, signs behind a backslash, and conditions in brackets are no letters of the format.
  const bare = format.replace(/"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '');
  const hasTime = /h|s/i.test(bare) || /\[m+\]/i.test(bare);
  const hasDate = /[yd]/i.test(bare) || (/m/i.test(bare) && !hasTime);
  const digits = /[0#?]\.(0+)/.exec(bare)?.[1]?.length ?? (/0/.test(bare) ? 0 : null);
  if (hasDate) return { kind: hasTime ? 'moment' : 'date', digits: null };
  if (hasTime) return { kind: 'time', digits: null };
  const kind = bare.includes('%') ? 'percent' : 'plain';
  const [, currency] = CURRENCIES.find(([sign]) => sign.test(format)) ?? [];
  return {
    kind,
    digits,
    ...(/[0#?],[0#?]/.test(bare) && { grouped: true }),
    ...(currency && kind === 'plain' && { currency }),
  };
}

/** A cell's number as people read it. */
export function written(value: number, form: NumberForm, is1904: boolean, locale: string): string {
  if (!Number.isFinite(value)) return '';
  const dated = form.kind === 'date' || form.kind === 'time' || form.kind === 'moment';
  if (dated && value >= 0 && value < MAX_DAY) {
    const ms = Math.round((value * DAY_MS) / 1_000) * 1_000;
    const at = new Date((is1904 ? EPOCH_1904 : EPOCH_1900) + ms);
    return new Intl.DateTimeFormat(locale, {
      timeZone: 'UTC',
      ...(form.kind !== 'time' && { day: '2-digit', month: '2-digit', year: 'numeric' }),
      ...(form.kind !== 'date' && { hour: '2-digit', minute: '2-digit' }),
    }).format(at);
  }
  const digits = form.digits === null ? null : Math.min(form.digits, DIGITS);
  return new Intl.NumberFormat(locale, {
    style: form.kind === 'percent' ? 'percent' : form.currency ? 'currency' : 'decimal',
    ...(form.currency && { currency: form.currency }),
    useGrouping: form.grouped ?? false,
    ...(digits === null
      ? { maximumSignificantDigits: DIGITS }
      : { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  }).format(value);
}
