import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLOSED, RulesContext } from '../guard/rules.ts';
import { MailFault, type MailRight } from '../model.ts';
import { PostPage } from './accounts/post-page.tsx';
import { FakeMail } from './mail.fixture.ts';
import { ERIKA, FakePost, FakeTeam, MIRA } from './post.fixture.ts';

// Drawing lists takes jsdom seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let root: Root;
let post: FakePost;
let office: FakeMail;
let team: FakeTeam;

const settled = (then: () => unknown = () => undefined) => act(async () => void (await then()));
/** Without the marks that keep what is foreign to itself. */
const text = () => (document.body.textContent ?? '').replace(/[\u2068\u2069]/g, '');
const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
const names = () => all('button').map((one) => one.getAttribute('aria-label') ?? one.textContent);

async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(
    async () => {
      await settled();
      expect(holds(), text()).toBe(true);
    },
    { timeout: 20_000 },
  );
}

async function show(hash = ''): Promise<void> {
  history.replaceState(null, '', `/${hash}`);
  await settled(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <RulesContext value={{ ...CLOSED, attachments: true }}>
          <PostPage post={post} />
        </RulesContext>
      </I18nProvider>,
    ),
  );
}

async function press(name: string): Promise<void> {
  const named = () =>
    all('button, [role=menuitem]').find((one) =>
      [one.getAttribute('aria-label'), one.textContent].includes(name),
    );
  await until(() => named() !== undefined);
  await settled(() => named()?.click());
}

function type(element: HTMLElement | null, value: string) {
  const kind = element instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  return settled(() => {
    Object.getOwnPropertyDescriptor(kind.prototype, 'value')?.set?.call(element, value);
    element?.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // jsdom has none, and the names here need no escaping.
  vi.stubGlobal('CSS', { escape: (name: string) => name });
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  post = new FakePost(new FakeMail(Date.now()));
  office = post.share({ unread: 3 });
  team = new FakeTeam(office);
  office.add({ id: 'a', threadId: 't', subject: 'Anliegen', seen: false, body: { text: 'Bitte' } });
  root = createRoot(document.body.appendChild(document.createElement('div')));
});

afterEach(async () => {
  await settled(() => root.unmount());
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe('several mailboxes', () => {
  it('stand above the folders with what is unread, and no name gets into the address', async () => {
    await show();
    const links = () => all('.fa-accounts__one');
    await until(() => links().length === 2);
    expect(links().map((one) => one.textContent)).toEqual([
      'Mein Postfach',
      'Bürgerbüro33 ungelesen',
    ]);
    expect(links()[0]?.getAttribute('aria-current')).toBe('true');
    await settled(() => links()[1]?.click());
    await until(() => text().includes('Anliegen'));
    expect(location.hash).toBe('#/k/1');
    expect(document.querySelector('.fa-accounts__whose')?.textContent).toBe('Bürgerbüro');
    expect(document.title).toBe('(1) Posteingang – Bürgerbüro – Fernamt');
    await settled(() => all('.fa-mail__folder')[1]?.click());
    expect(location.hash).toBe('#/k/1/f/drafts');
  });

  it('are told apart by their addresses where names are alike', async () => {
    post.share({ address: 'buergerbuero-nord@stadt.example' });
    await show();
    await until(() => all('.fa-accounts__one').length === 3);
    expect(all('.fa-accounts__one').map((one) => one.textContent)).toEqual([
      'Mein Postfach',
      'Bürgerbürobuergerbuero@stadt.example33 ungelesen',
      'Bürgerbürobuergerbuero-nord@stadt.example',
    ]);
  });

  it('are not shown where there is only the own one', async () => {
    post.others.clear();
    await show();
    await until(() => text().includes('Alles erledigt'));
    expect(all('.fa-accounts__one')).toEqual([]);
  });

  it('may be for reading only: nothing is marked as read, and nothing else is offered', async () => {
    office.of = { ...office.of, rights: ['read'] };
    await show('#/k/1/f/inbox/t/t');
    await until(() => text().includes('Bitte'));
    expect(text()).toContain('Nur lesen');
    const offered = names();
    const forbidden = ['Neue Nachricht', 'Antworten', 'Löschen', 'Archivieren', 'Verschieben'];
    for (const name of [...forbidden, 'Übernehmen', 'Vertretungen', 'Als ungelesen']) {
      expect(offered, name).not.toContain(name);
    }
    expect(all('.fa-mail__row').length).toBeGreaterThan(0);
    expect(all('.fa-mail__row input, .fa-mail__tick')).toEqual([]);
    const title = document.getElementById('mail-thread-title');
    await settled(() =>
      title?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Delete', bubbles: true })),
    );
    expect(office.told).toEqual([]);
  });

  it('offers more as soon as there are more rights', async () => {
    office.of = { ...office.of, rights: ['read'] };
    await show('#/k/1/f/inbox/t/t');
    await until(() => text().includes('Bitte'));
    office.of = { ...office.of, rights: ['read', 'write', 'send_as'] };
    await settled(() => post.changed());
    await until(() => names().includes('Antworten'));
    expect(names()).toContain('Löschen');
    expect(all('.fa-mail__tick')).toHaveLength(1);
  });

  it('says in whose stead one writes', async () => {
    vi.spyOn(office, 'identities').mockResolvedValue([
      {
        id: 'i',
        name: 'Bürger\u202Ebüro',
        email: 'b@x.example',
        textSignature: '',
        sender: ERIKA.email,
      },
    ]);
    await show('#/k/1/schreiben');
    await until(() => text().includes('im Auftrag von Bürgerbüro'));
    expect(text()).toContain(ERIKA.email);
  });

  it('goes back to the own one when it is closed, and says so', async () => {
    await show('#/k/1');
    await until(() => text().includes('Anliegen'));
    post.others.clear();
    await settled(() => post.changed());
    await until(() =>
      text().includes('Das Postfach „Bürgerbüro“ ist für Sie nicht mehr geöffnet.'),
    );
    expect(location.hash).toBe('#/');
    expect(text()).not.toContain('Anliegen');
  });

  it('lists what was not done, until one has taken note of it', async () => {
    const at = { account: 'Bürgerbüro', why: 'closed' as const, atMs: 0 };
    post.lost = [
      { id: '1', change: 'send', emails: 1, subject: 'Bescheid', ...at },
      { id: '2', change: 'move', emails: 4, subject: null, ...at },
    ];
    await show();
    await until(() => text().includes('2 Änderungen wurden nicht übernommen'));
    expect(text()).toContain('Bürgerbüro: „Bescheid“ senden');
    expect(text()).toContain('Bürgerbüro: 4 Nachrichten verschieben');
    await press('Hinweis entfernen');
    await until(() => !text().includes('nicht übernommen'));
  });

  it('shows the text of what was not done, and asks before it is gone', async () => {
    const at = { account: 'Bürgerbüro', why: 'closed' as const, atMs: 0, emails: 1 };
    post.lost = Array.from({ length: 7 }, (_, id) => ({
      ...{ ...at, id: String(id), change: 'draft', subject: `Akte ${id}` },
      ...(id === 6 && { text: 'Guten Tag,\nanbei der Bescheid' }),
    }));
    await show();
    await until(() => text().includes('7 Änderungen wurden nicht übernommen'));
    expect(document.querySelector('.fa-accounts__undone details p')?.textContent).toBe(
      'Guten Tag,\nanbei der Bescheid',
    );
    await press('Hinweis entfernen');
    await until(() => text().includes('Hinweis mit Ihren Texten entfernen?'));
    expect(post.lost).toHaveLength(7);
    await press('Texte entfernen');
    await until(() => !text().includes('nicht übernommen'));
  });

  it('warns who answers what somebody else has answered meanwhile', async () => {
    await show('#/k/1/f/inbox/t/t');
    await press('Antworten');
    const area = () => document.querySelector<HTMLTextAreaElement>('.fa-write__text');
    await until(() => area() !== null);
    await type(area(), 'Das erledigen wir.');
    office.add({
      ...{ id: 'b', threadId: 't', mailboxIds: ['sent'], sender: [MIRA] },
      receivedAtMs: office.now + 1,
    });
    await press('Senden');
    await until(() =>
      text().includes('In dieser Unterhaltung wurde inzwischen schon geantwortet.'),
    );
    expect(text()).toContain('Mira Sommer am ');
    expect(office.sent).toEqual([]);
    await press('Trotzdem senden');
    await until(() => office.sent.length === 1);
  });

  it('keeps what was typed last before the right to write ended', async () => {
    await show('#/k/1/schreiben');
    const area = () => document.querySelector<HTMLTextAreaElement>('.fa-write__text');
    await until(() => area() !== null);
    vi.spyOn(office, 'saveDraft').mockRejectedValue(new MailFault('closed'));
    await type(area(), 'Eben noch getippt');
    post.others.clear();
    await settled(() => post.changed());
    await until(() => office.lost.size > 0);
    expect([...office.lost.values()]).toEqual(['Eben noch getippt']);
  });
});

describe('who works on a thread', () => {
  it('is taken, handed on and given up', async () => {
    await show('#/k/1/f/inbox/t/t');
    await until(() => text().includes('Noch kümmert sich niemand'));
    await press('Übernehmen');
    await until(() => text().includes('Sie kümmern sich darum'));
    await press('Zuweisen');
    await press('Mira Sommer');
    await until(() => text().includes('Mira Sommer kümmert sich darum'));
    await press('Zuständigkeit aufheben');
    await until(() => text().includes('Noch kümmert sich niemand'));
    expect(team.told).toEqual(['t assignee p-erika', 't assignee p-mira', 't assignee null']);
  });

  it('stands in the list, with the note', async () => {
    team.set('t', { assignee: MIRA, note: 'Rückruf' });
    vi.spyOn(office, 'list').mockImplementation(async (id, skip, limit) => {
      const page = await FakeMail.prototype.list.call(office, id, skip, limit);
      return { ...page, items: page.items.map((one) => ({ ...one, work: team.of(one.id) })) };
    });
    await show('#/k/1');
    await until(() => text().includes('Mira Sommer kümmert sich'));
    expect(
      document.querySelector('.fa-mail__marks [aria-label="mit interner Notiz"]'),
    ).not.toBeNull();
  });

  it('has a note that is written, changed and removed; Escape leaves the note and not the thread', async () => {
    await show('#/k/1/f/inbox/t/t');
    await press('Notiz schreiben');
    const area = () => document.querySelector<HTMLTextAreaElement>('.fa-team textarea');
    await until(() => area() !== null);
    await type(area(), 'Rückruf erbeten');
    await press('Notiz speichern');
    await until(() => document.querySelector('.fa-team__text')?.textContent === 'Rückruf erbeten');
    await press('Interne Notiz ändern');
    await settled(() =>
      area()?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })),
    );
    expect(area()).toBeNull();
    expect(location.hash).toBe('#/k/1/f/inbox/t/t');
    await press('Interne Notiz ändern');
    await press('Notiz entfernen');
    await until(() => document.querySelector('.fa-team__text') === null);
    expect(team.told).toEqual(['t note Rückruf erbeten', 't note ']);
  });

  it('has a note that is folded where it is long', async () => {
    const note = () => document.querySelector('.fa-team__text');
    team.set('t', { note: 'Zeile\n'.repeat(4).trim(), noteBy: ERIKA });
    await show('#/k/1/f/inbox/t/t');
    await until(() => note() !== null);
    expect(names()).not.toContain('Ganze Notiz zeigen');
    await settled(() => team.set('t', { note: 'Zeile\n'.repeat(40).trim() }));
    await until(() => note()?.classList.contains('fa-team__text--folded') === true);
    await press('Ganze Notiz zeigen');
    await until(() => note()?.classList.contains('fa-team__text--folded') === false);
    await press('Weniger zeigen');
    await until(() => note()?.classList.contains('fa-team__text--folded') === true);
  });

  it('has a note that replaces nothing unseen that somebody else wrote meanwhile', async () => {
    team.set('t', { note: 'Rückruf', noteBy: ERIKA });
    await show('#/k/1/f/inbox/t/t');
    await press('Interne Notiz ändern');
    const area = () => document.querySelector<HTMLTextAreaElement>('.fa-team textarea');
    await until(() => area() !== null);
    await type(area(), 'Rückruf erledigt');
    await settled(() => team.set('t', { note: 'Akte liegt bei Mira', noteBy: MIRA }));
    await press('Notiz speichern');
    await until(() => text().includes('Inzwischen hat jemand anders die Notiz geändert'));
    expect(document.querySelector('.fa-team__lost')?.textContent).toBe('Akte liegt bei Mira');
    expect(area()?.value).toBe('Rückruf erledigt');
    expect(team.told).toEqual([]);
    await settled(() => team.set('t', { note: 'Akte liegt beim Amt', noteBy: MIRA }));
    await press('Durch meinen Text ersetzen');
    await until(
      () => document.querySelector('.fa-team__lost')?.textContent === 'Akte liegt beim Amt',
    );
    expect(team.told, 'what is shown is what is replaced').toEqual([]);
    await press('Beide behalten');
    await until(() => area() === null);
    expect(team.told).toEqual(['t note Akte liegt beim Amt\n\nRückruf erledigt']);
    expect(team.was).toEqual(['Akte liegt beim Amt']);
  });

  it('says what came of it when two changed it, with the text that does not hold', async () => {
    const lost = { threadId: 't', what: 'note' as const, won: false, by: MIRA, lost: 'Mein Text' };
    team.clashes = [{ id: 'c', ...lost }];
    await show('#/k/1/f/inbox/t/t');
    await until(() => text().includes('Mira Sommer hat die Notiz später geändert als Sie'));
    expect(text()).toContain('Mein Text');
    await press('Hinweis entfernen');
    await until(() => !text().includes('Mein Text'));
  });
});

describe('sharing', () => {
  it('is found, granted with plain words, changed, taken away and given back', async () => {
    await show();
    await press('Vertretungen');
    await until(() => text().includes('Noch hat niemand sonst Zugang'));
    await type(document.querySelector('.fa-sharing input'), 'mi');
    await until(() => all('.fa-sharing__found button').length === 1);
    await settled(() => all('.fa-sharing__found button')[0]?.click());
    expect(text()).toContain('Was darf Mira Sommer?');
    await settled(() => document.getElementById('feld-recht-write')?.click());
    await press('Rechte speichern');
    await until(() => text().includes('Gespeichert: Mira Sommer'));
    expect(post.sharing.all).toEqual([{ person: MIRA, rights: ['read', 'write'] }]);
    await press('Mira Sommer den Zugang nehmen');
    await until(() => text().includes('Mira Sommer hat keinen Zugang mehr.'));
    expect(post.sharing.all).toEqual([]);
    await press('Rückgängig');
    await until(() => post.sharing.all.length === 1);
  });

  it('lets nobody in where the administration switched that off, and takes access away all the same', async () => {
    office.of = { ...office.of, without: ['sharing', 'absence'] };
    post.sharing.all = [{ person: MIRA, rights: ['read'] }];
    await show('#/k/1');
    await press('Vertretungen');
    await until(() => text().includes('Ihre Verwaltung lässt Sie hier niemanden hinzufügen.'));
    expect(document.querySelector('.fa-sharing input')).toBeNull();
    await press('Mira Sommer den Zugang nehmen');
    await until(() => text().includes('Mira Sommer hat keinen Zugang mehr.'));
    expect(text()).not.toContain('Rückgängig');
    expect(post.sharing.all).toEqual([]);
  });

  it('takes single rights away where the administration lets nobody in any more', async () => {
    office.of = { ...office.of, without: ['sharing'] };
    post.sharing.all = [{ person: MIRA, rights: ['read', 'write'] }];
    await show('#/k/1');
    await press('Vertretungen');
    await press('Rechte von Mira Sommer ändern');
    const right = (name: string) => document.querySelector<HTMLInputElement>(`#feld-recht-${name}`);
    await until(() => right('write') !== null);
    expect(right('send_as')?.disabled).toBe(true);
    await settled(() => right('write')?.click());
    await press('Rechte speichern');
    await until(() => text().includes('Gespeichert: Mira Sommer'));
    expect(post.sharing.all).toEqual([{ person: MIRA, rights: ['read'] }]);
  });

  it('asks before somebody takes their own right to manage, or the last one', async () => {
    const everything: MailRight[] = ['read', 'write', 'manage'];
    post.sharing.all = [
      { person: ERIKA, rights: everything },
      { person: MIRA, rights: everything },
    ];
    await show('#/k/1');
    await press('Vertretungen');
    await press('Mira Sommer den Zugang nehmen');
    await until(() => text().includes('Mira Sommer hat keinen Zugang mehr.'));
    await press('Rechte von Erika Linde ändern');
    await until(() => text().includes('Was darf Erika Linde?'));
    await settled(() => document.getElementById('feld-recht-manage')?.click());
    await press('Rechte speichern');
    await until(() => text().includes('Sich selbst die Verwaltung nehmen?'));
    expect(text()).toContain('Außer Ihnen verwaltet niemand das Postfach „Bürgerbüro“.');
    expect(post.sharing.all).toEqual([{ person: ERIKA, rights: everything }]);
    await press('Verwaltung nehmen');
    await until(() => all('[role=dialog], [role=alertdialog]').length === 0);
    expect(post.sharing.all).toEqual([{ person: ERIKA, rights: ['read', 'write'] }]);
  });

  it('asks before the last one who manages is removed, and leaves it when told so', async () => {
    post.sharing.all = [{ person: MIRA, rights: ['read', 'manage'] }];
    await show('#/k/1');
    await press('Vertretungen');
    await press('Mira Sommer den Zugang nehmen');
    await until(() => text().includes('Der letzten Person die Verwaltung nehmen?'));
    await press('Abbrechen');
    await until(() => all('[role=alertdialog]').length === 0);
    expect(post.sharing.all).toHaveLength(1);
    office.of = { ...office.of, kind: 'person' };
    await settled(() => post.changed());
    await press('Mira Sommer den Zugang nehmen');
    await until(() => text().includes('Mira Sommer hat keinen Zugang mehr.'));
  });

  it('says why it shows nothing, and tries again', async () => {
    post.sharing.fault = new MailFault('offline');
    await show();
    await press('Vertretungen');
    await until(() => text().includes('Das liegt noch nicht auf diesem Gerät.'));
    post.sharing.fault = null;
    await press('Noch einmal versuchen');
    await until(() => text().includes('Noch hat niemand sonst Zugang'));
  });
});
