import type { FakeMail } from '../../src/features/mail/page/mail.fixture.ts';
import { ERIKA, FakePost, FakeTeam, MIRA, OLE } from '../../src/features/mail/page/post.fixture.ts';

/** The own mailbox, a functional one that several people work in, and a colleague's for reading. */
export function teamPost(own: FakeMail): FakePost {
  const post = new FakePost(own);
  const office = post.share({ unread: 4, rights: ['read', 'write', 'send_on_behalf'] });
  const address = { name: 'Bürgerbüro', email: 'buergerbuero@stadt.example' };
  const to = [address];
  office.identities = async () => [
    { id: 'office', ...address, textSignature: '', sender: ERIKA.email },
  ];
  const minute = 60_000;
  const letters: [string, string, string, string][] = [
    ['zaun', 'Familie Brandt', 'Zaun am Spielplatz', 'Am Spielplatz Lindenweg ist der Zaun offen.'],
    ['ausweis', 'Hanna Vogt', 'Termin für Personalausweis', 'Ich brauche einen Termin im Januar.'],
    ['hund', 'Karl Petersen', 'Hundesteuer', 'Mein Hund ist im Oktober gestorben.'],
  ];
  for (const [index, [id, name, subject, preview]] of letters.entries()) {
    office.add({
      id,
      threadId: id,
      from: [{ name, email: `${id}@post.example` }],
      to,
      subject,
      preview,
      seen: index > 0,
      receivedAtMs: own.now - (20 + index * 95) * minute,
      body: { text: `Guten Tag,\n\n${preview}\n\nMit freundlichen Grüßen\n${name}` },
    });
  }
  const team = new FakeTeam(office);
  team.set('zaun', {
    assignee: MIRA,
    assignedAtMs: own.now - 15 * minute,
    note: 'Bauhof ist angerufen, Rückmeldung bis Donnerstag.\nAktenzeichen 66-2026/118.',
    noteBy: OLE,
    noteAtMs: own.now - 9 * minute,
  });
  team.set('ausweis', { assignee: ERIKA, assignedAtMs: own.now - 60 * minute });
  const list = office.list.bind(office);
  office.list = async (id, skip, limit) => {
    const page = await list(id, skip, limit);
    return { ...page, items: page.items.map((one) => ({ ...one, work: team.of(one.id) })) };
  };
  const colleague = post.share({
    kind: 'person',
    name: 'Dr. Friederike Hohenstein-Wassermann',
    address: 'f.hohenstein@stadt.example',
    rights: ['read'],
    unread: 12,
  });
  colleague.add({ id: 'plan', threadId: 'plan', subject: 'Dienstplan', preview: 'Im Anhang.' });
  post.sharing.all = [
    { person: MIRA, rights: ['read', 'write', 'send_on_behalf'] },
    { person: OLE, rights: ['read'] },
  ];
  return post;
}

/** What could not be brought to the server before the mailbox was closed. */
export function closedPost(own: FakeMail): FakePost {
  const post = new FakePost(own);
  const at = { account: 'Bürgerbüro', why: 'closed' as const, atMs: own.now };
  post.lost = [
    { id: '1', change: 'send', emails: 1, subject: 'Zaun am Spielplatz', ...at },
    { id: '2', change: 'move', emails: 4, subject: null, ...at },
    { id: '3', change: 'note', emails: 0, subject: null, ...at },
  ];
  return post;
}
