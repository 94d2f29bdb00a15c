import type { components } from '../../src/api/api-schema.d.ts';
import type { MockOffice } from './mock-office.ts';

type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];
type Delegate = Schema<'Delegate'>;
type Mailbox = Schema<'FunctionalMailbox'>;
type Person = Schema<'PersonSummary'>;

const id = (kind: string, number: number) =>
  `0199a000-0000-7000-8000-0000000${kind}${String(number).padStart(4, '0')}`;

const delegate = (person: Person, rights: Delegate['rights'], granted_at: string): Delegate => ({
  person: { id: person.id, name: person.name, display_name: person.display_name },
  rights,
  granted_at,
});

const mailbox = (number: number, name: string, local: string, delegates: Delegate[]): Mailbox => ({
  id: id('e', number),
  name,
  address: `${local}@auenbrueck.de`,
  created_at: `2026-${String(number + 2).padStart(2, '0')}-0${number}T08:00:00Z`,
  delegates,
});

/** People enough for a mailbox that a whole house works in. */
const crowd = (size: number): Delegate[] =>
  Array.from({ length: size }, (_, index) => ({
    person: {
      id: id('9', index + 100),
      name: `sachbearbeitung.${index + 1}`,
      display_name: `Sachbearbeitung ${String(index + 1).padStart(3, '0')}`,
    },
    rights: index % 3 === 0 ? ['read', 'write', 'send_on_behalf'] : ['read'],
    granted_at: '2026-10-05T07:30:00Z',
  }));

/** A mailbox that 200 people work in. */
export const CROWDED = 'Katastrophenschutz';

/** Functional mailboxes and delegates that change as the page changes them. */
export function furnishMailboxes(office: MockOffice, people: readonly Person[]): MockOffice {
  const [jana, mehmet, , anna, karl, lena] = people as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  let mailboxes = [
    mailbox(1, 'Bürgerbüro', 'buergerbuero', [
      delegate(anna, ['read', 'write', 'send_on_behalf'], '2026-03-02T09:00:00Z'),
      delegate(lena, ['read'], '2026-11-02T09:00:00Z'),
    ]),
    mailbox(2, CROWDED, 'katastrophenschutz', crowd(200)),
    mailbox(
      3,
      'Untere Wasserbehörde und Straßenverkehrsangelegenheiten-Genehmigungsstelle',
      'untere-wasserbehoerde-strassenverkehrsangelegenheiten-genehmigung',
      [
        delegate(
          jana,
          ['read', 'write', 'send_on_behalf', 'send_as', 'manage'],
          '2026-05-04T09:00:00Z',
        ),
        delegate(karl, ['read', 'send_as'], '2026-05-04T09:00:00Z'),
      ],
    ),
    mailbox(4, 'Wahlamt', 'wahlamt', []),
  ];
  let standIns = [delegate(mehmet, ['read', 'write', 'send_on_behalf'], '2026-11-16T09:00:00Z')];
  const grantedTo = (person: string | undefined, body: Record<string, unknown>): Delegate => {
    const found = people.find((one) => one.id === person) ?? jana;
    return delegate(found, body.rights as Delegate['rights'], '2026-11-23T09:00:00Z');
  };
  const without = (delegates: readonly Delegate[], person: string | undefined) =>
    delegates.filter((one) => one.person.id !== person);
  const change = (wanted: string | undefined, next: (one: Mailbox) => Mailbox) => {
    mailboxes = mailboxes.map((one) => (one.id === wanted ? next(one) : one));
    return mailboxes.find((one) => one.id === wanted);
  };
  return office
    .on('GET', '/admin/mailboxes', (_: unknown, _match: unknown, query: URLSearchParams) => {
      const words = (query.get('q') ?? '').toLowerCase();
      const items = mailboxes.filter(({ name, address }) =>
        `${name} ${address}`.toLowerCase().includes(words),
      );
      return { body: { items, total: items.length } };
    })
    .on('POST', '/admin/mailboxes', ({ name, local_part }: Record<string, unknown>) => {
      const made = mailbox(mailboxes.length + 1, String(name), String(local_part), []);
      mailboxes = [...mailboxes, made];
      return { status: 201, body: made };
    })
    .on(
      'PATCH',
      '/admin/mailboxes/([^/]+)',
      (body: Record<string, unknown>, match: RegExpMatchArray) => ({
        body: change(match[1], (one) => ({ ...one, name: String(body.name) })),
      }),
    )
    .on('DELETE', '/admin/mailboxes/([^/]+)', (_: unknown, match: RegExpMatchArray) => {
      mailboxes = mailboxes.filter((one) => one.id !== match[1]);
      return {};
    })
    .on(
      'PUT',
      '/admin/mailboxes/([^/]+)/delegates/([^/]+)',
      (body: Record<string, unknown>, match: RegExpMatchArray) => {
        const granted = grantedTo(match[2], body);
        change(match[1], (one) => ({
          ...one,
          delegates: [...without(one.delegates, match[2]), granted],
        }));
        return { body: granted };
      },
    )
    .on(
      'DELETE',
      '/admin/mailboxes/([^/]+)/delegates/([^/]+)',
      (_: unknown, match: RegExpMatchArray) => {
        change(match[1], (one) => ({ ...one, delegates: without(one.delegates, match[2]) }));
        return {};
      },
    )
    .on('GET', '/admin/people/[^/]+/mailbox/delegates', () => ({ body: { items: standIns } }))
    .on(
      'PUT',
      '/admin/people/[^/]+/mailbox/delegates/([^/]+)',
      (body: Record<string, unknown>, match: RegExpMatchArray) => {
        const granted = grantedTo(match[1], body);
        standIns = [...without(standIns, match[1]), granted];
        return { body: granted };
      },
    )
    .on(
      'DELETE',
      '/admin/people/[^/]+/mailbox/delegates/([^/]+)',
      (_: unknown, match: RegExpMatchArray) => {
        standIns = without(standIns, match[1]);
        return {};
      },
    );
}
