import { i18n, type Messages } from '@lingui/core';
import { describe, expect, it } from 'vitest';
import '../features/access/problems.ts';
import { outcomeText } from '../features/access/desktop/outcome-text.ts';
import { actionText } from '../features/admin/audit/words.ts';
import '../features/admin/problems.ts';
import '../features/conference/join/problems.ts';
import '../features/conference/rooms/problems.ts';
import { faultText } from '../features/admin/targets/import-words.ts';
import '../features/identity/account/problems.ts';
import { wordsInCalls, wordsLike, wordsOf } from '../testing/server-codes.ts';
import { ApiProblem } from './problem.ts';
import { fieldText, hasFieldText, hasProblemText, problemText } from './problem-text.ts';

const catalogues = import.meta.glob<{ messages: Messages }>('../**/locales/*.po', { eager: true });

for (const language of ['de', 'en']) {
  const mine = Object.entries(catalogues).filter(([path]) => path.endsWith(`/${language}.po`));
  i18n.load(language, Object.assign({}, ...mine.map(([, { messages }]) => messages)));
}

/** The text in both languages; they must differ, or one of them is not translated. */
function both(text: () => string): [string, string] {
  i18n.activate('de');
  const german = text();
  i18n.activate('en');
  return [german, text()];
}

/** Refused on the origin of mail, which says what it means itself, or to programs with a token, which read no German. */
const ELSEWHERE = /^(?!identity\/src\/(container\/|program\.rs)|mail\/|http\/src\/bearer\.rs)/;

const refused = [
  ...wordsInCalls(
    ['bad_request', 'unauthenticated', 'forbidden', 'conflict'].flatMap((name) => [
      `ApiError::${name}`,
      `Self::${name}`,
    ]),
    0,
    ELSEWHERE,
  ),
  ...wordsInCalls(['ApiError::new'], 1, ELSEWHERE),
  'invalid',
  'not_found',
  'slow_down',
  'internal',
  'busy',
  // What the meeting's socket refuses has words in the meeting.
].filter((code) => !['', 'why.as_str()', 'token_refused'].includes(code));

const SERVER_SIDE = /^(admin|identity|policy)\/|^conference\/src\/(rooms|routes\/\w+)\.rs$/;
const CONFERENCE = /^conference\/src\/(rooms|routes\/meetings)\.rs$/;
/** Written in one place as a choice of two words, or taken over from a fault that has its own list. */
const INDIRECT = /^(|&?fault\.code(\(\))?|code|if new\.name\.is_empty\(\) .*)$/;
const wrongFields = [
  ...wordsInCalls(['.field'], 1, SERVER_SIDE),
  ...wordsInCalls(['.that'], 2, SERVER_SIDE),
  ...wordsInCalls(['Fault::new'], 1, /^(admin|identity|policy)\//),
  ...wordsInCalls(['FieldProblem::new'], 1, CONFERENCE),
  ...wordsLike(/=> \("booking[\w.]*", "([a-z_]+)"\)/g, /^conference\/src\/booking\/expand\.rs$/),
  ...wordsLike(/(?:Err\(|\|_\| )"([a-z_]+)"\)/g, /^conference\/src\/webhooks\.rs$/),
  ...wordsOf('pub fn code(self)', /^identity\/src\/(password|ssh_key|own_targets)\.rs$/),
  ...wordsOf('pub fn code(&self)', /^identity\/src\/(password|ssh_key)\.rs$/),
  'too_deep',
  'too_many_operators',
  'syntax',
  'schema',
].filter((code) => !INDIRECT.test(code));

describe('every refusal of the server', () => {
  it('is found in its source', () => {
    expect(new Set(refused).size).toBeGreaterThan(40);
    expect(refused.filter((code) => !/^[a-z_]+$/.test(code))).toEqual([]);
  });

  it.each([...new Set(refused)])('%s has words of its own, in both languages', (code) => {
    expect(hasProblemText(code)).toBe(true);
    const problem = new ApiProblem(499, code, 'the server’s own words');
    const [german, english] = both(() => Object.values(problemText(problem)).join(' '));
    expect(german).not.toBe(english);
    expect(`${german} ${english}`).not.toContain(problem.detail);
  });
});

describe('every fault of a field', () => {
  it('is found in the server’s source', () => {
    expect(wrongFields).toEqual(expect.arrayContaining(['password_common', 'weak_ssh_key']));
    expect(wrongFields.filter((code) => !/^[a-z_]+$/.test(code))).toEqual([]);
  });

  it.each([...new Set(wrongFields)])('%s has words of its own, in both languages', (code) => {
    expect(hasFieldText(code)).toBe(true);
    const [german, english] = both(() => fieldText(code));
    expect(german).not.toBe(english);
  });
});

describe('every fault of a table of targets', () => {
  const codes = new Set([
    ...wordsInCalls(['.fault'], 1, /^admin\/src\/targets\//),
    ...wordsInCalls([' fault', '(fault'], 2, /^admin\/src\/targets\/table\.rs$/),
  ]);

  it.each([...codes].filter((code) => /^[a-z_]+$/.test(code) && code !== 'code'))(
    '%s has words',
    (code) => {
      const fault = { line: 2, column: null, code, detail: 'the server’s own words' };
      const [german, english] = both(() =>
        faultText(code === 'invalid' ? { ...fault, column: 'port' } : fault),
      );
      expect(german).not.toBe(english);
      expect(german).not.toContain(fault.detail);
    },
  );
});

describe('every entry of the audit log', () => {
  const actions = [
    ...wordsInCalls(['AuditEvent::new', 'done'], 1),
    ...wordsInCalls(['changed'], 0, /^identity\//),
    ...wordsOf('pub fn action(self)', /^identity\/src\/failure\.rs$/),
    // The beginning and end of a connection, which the ways to a target tell in words of their own.
    ...wordsInCalls(['.note'], 2, /^access\/src\/routes\//),
    ...wordsOf('fn row(&self)', /^access\/src\/desktop\/outcome\.rs$/),
    ...wordsLike(/\(AuditKind::\w+, "([a-z_]+)"/g, /^access\//),
    ...wordsLike(/^ {8}\w+ = "([a-z_]+)",$/gm, /^domain\/src\/grant\.rs$/),
  ].filter((action) => /^[a-z_]+$/.test(action));
  const VARIABLES = ['action', 'kind', 'name', 'state', 'word'];

  it('is found in the server’s source', () => {
    expect(actions).toEqual(
      expect.arrayContaining(['desktop_opened', 'browser_ended', 'unreachable', 'session_ended']),
    );
  });

  it.each([...new Set(actions)].filter((action) => !VARIABLES.includes(action)))(
    '%s says what happened, in both languages',
    (action) => {
      const plain = action.replaceAll('_', ' ');
      i18n.activate('de');
      expect(actionText(action)).not.toBe(plain);
      expect(both(() => actionText(action))[1]).not.toBe('');
    },
  );
});

describe('every end of a desktop', () => {
  const ends = [...wordsOf('fn row(&self)', /^access\/src\/desktop\/outcome\.rs$/)];
  /** What nobody can tell more of than that it broke off. */
  const PLAIN = [
    '',
    'line_lost',
    'ticket_invalid',
    'shutdown',
    'protocol_violation',
    'redirected',
    'internal',
  ];

  it('has words that say which it was', () => {
    expect(ends.length).toBeGreaterThan(20);
    const text = (word: string) =>
      outcomeText({ close: { code: 4000, word }, logonFailed: false, goodbye: null }).title;
    i18n.activate('de');
    const plain = text('');
    expect(ends.filter((word) => text(word) === plain && !PLAIN.includes(word))).toEqual([]);
  });
});
