import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLOSED, RulesContext } from '../guard/rules.ts';
import { type Draft, MailFault, type Sending, type SendingState } from '../model.ts';
import { emptyDraft } from './compose/start.ts';
import { QUIET_MS } from './compose/use-draft.ts';
import { attachmentOf, FakeMail } from './mail.fixture.ts';
import { MailPage } from './mail-page.tsx';
import { hashOf, NOWHERE } from './place.ts';

// Drawing lists takes jsdom seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let root: Root;
let mail: FakeMail;

const settled = (then: () => unknown = () => undefined) => act(async () => void (await then()));
const text = () => document.body.textContent ?? '';
const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];

async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(async () => {
    await settled();
    expect(holds(), text()).toBe(true);
  });
}

async function show(hash = '', attachments = true): Promise<void> {
  history.replaceState(null, '', `/${hash}`);
  await settled(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <RulesContext value={{ ...CLOSED, attachments }}>
          <MailPage mail={mail} />
        </RulesContext>
      </I18nProvider>,
    ),
  );
}

async function press(name: string): Promise<void> {
  const named = () =>
    all('button').find((one) => [one.getAttribute('aria-label'), one.textContent].includes(name));
  await until(() => named() !== undefined);
  await settled(() => named()?.click());
}

function type(element: HTMLElement | null, value: string) {
  if (!element) throw new Error('there is no such field yet');
  const kind = element instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  return settled(() => {
    Object.getOwnPropertyDescriptor(kind.prototype, 'value')?.set?.call(element, value);
    element.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // jsdom has none, and the names here need no escaping.
  vi.stubGlobal('CSS', { escape: (name: string) => name });
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  mail = new FakeMail(Date.now());
  root = createRoot(document.body.appendChild(document.createElement('div')));
});

afterEach(async () => {
  await settled(() => root.unmount());
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the list', () => {
  it('says who, what and how many are new, and names folders in the language of the page', async () => {
    mail.add({ subject: 'Dachsanierung', seen: false });
    await show();
    await until(() => text().includes('Dachsanierung'));
    expect(all('.fa-mail__folder').map((one) => one.textContent)).toEqual([
      'Posteingang1eine ungelesen',
      ...['Entwürfe', 'Gesendet', 'Archiv', 'Spam', 'Papierkorb', 'Winterdienst'],
    ]);
    expect(text()).toContain('Jens Ahlers');
    expect(document.title).toBe('(1) Posteingang – Fernamt');
  });

  it('follows what changes', async () => {
    await show();
    await until(() => text().includes('Alles erledigt'));
    mail.add({ subject: 'Eben gekommen' });
    await settled(() => mail.changed());
    await until(() => text().includes('Eben gekommen'));
  });

  it('shows older ones when asked', async () => {
    for (let id = 0; id < 55; id += 1) mail.add({ subject: `Nummer ${id}.` });
    await show();
    await until(() => all('[role=row]').length === 50);
    expect(text()).not.toContain('Nummer 0.');
    await press('Ältere zeigen');
    await until(() => all('[role=row]').length === 55);
  });

  it('gives way to the folders on a narrow screen, also after a thread', async () => {
    const pane = () => all('.fa-mail')[0]?.dataset.pane;
    mail.add({ subject: 'Dachsanierung' });
    await show();
    await until(() => pane() === 'list' && text().includes('Dachsanierung'));
    await press('Ordner zeigen');
    await until(() => pane() === 'folders');
    await settled(() => history.back());
    await until(() => pane() === 'list');
    await settled(() => all('[role=row]')[0]?.click());
    await until(() => pane() === 'reading');
    await press('Zurück zur Liste');
    await until(() => pane() === 'list');
    await press('Ordner zeigen');
    await until(() => pane() === 'folders');
  });

  it('says why it shows nothing, and tries again', async () => {
    mail.fault = new MailFault('offline');
    await show();
    await until(() => text().includes('Das liegt noch nicht auf diesem Gerät.'));
    mail.fault = null;
    mail.add({ subject: 'Doch da' });
    await press('Noch einmal versuchen');
    await until(() => text().includes('Doch da'));
  });

  it('says that it loads once that takes long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let open = () => undefined as unknown;
    mail.gate = new Promise<void>((done) => {
      open = done;
    });
    await show();
    await settled(() => vi.advanceTimersByTime(900));
    expect(text()).not.toContain('geöffnet');
    await settled(() => vi.advanceTimersByTime(200));
    expect(text()).toContain('Die Post wird geöffnet');
    await settled(open);
    expect(text()).not.toContain('Die Post wird geöffnet');
  });

  it('searches, and says that without a line only this device is', async () => {
    mail.at = 'offline';
    mail.add({ subject: 'Räumplan' });
    mail.add({ subject: 'Gartenzaun' });
    await show(hashOf({ ...NOWHERE, words: 'räumplan' }));
    await until(() => all('[role=row]').length === 1);
    expect(text()).toContain('Ohne Verbindung wird nur durchsucht');
  });
});

describe('a thread', () => {
  it('is read when it is opened; what was read before is folded', async () => {
    mail.add({ id: 'a', threadId: 't', body: { text: 'Das Alte' } });
    mail.add({ id: 'b', threadId: 't', seen: false, body: { text: 'Das Neue' } });
    await show('#/f/inbox/t/t');
    await until(() => text().includes('Das Neue'));
    expect(text()).not.toContain('Das Alte');
    await until(() => mail.told.includes('b keyword seen true'));
    expect(document.activeElement?.id).toBe('mail-thread-title');
    await settled(() => all('.fa-mail__message-head')[0]?.click());
    await until(() => text().includes('Das Alte'));
  });

  it('draws an HTML text once, however often the mail changes', async () => {
    mail.add({ id: 'a', threadId: 't', body: { html: '<p>Guten Tag</p>' } });
    await show('#/f/inbox/t/t');
    await until(() => document.querySelector('iframe')?.srcdoc.includes('Guten Tag') ?? false);
    const frame = document.querySelector('iframe');
    const drawn = vi.fn();
    Object.defineProperty(frame, 'srcdoc', { set: drawn });
    for (let times = 0; times < 3; times += 1) {
      mail.add();
      await settled(() => mail.changed());
    }
    await until(() => all('[role=row]').length === 4);
    expect(document.querySelector('iframe')).toBe(frame);
    expect(drawn).not.toHaveBeenCalled();
    mail.bodies.set('a', { ...(await mail.body('a')), html: '<p>Guten Abend</p>' });
    await settled(() => mail.changed());
    await until(() => drawn.mock.calls.length === 1);
  });

  it('shows names and subjects that turn around what stands beside them for what they are', async () => {
    const from = [{ name: 'Chef\u202E elttiM', email: 'x@kreis.example' }];
    const attachments = [attachmentOf('Rechnung_\u202Efdp.exe', 'application/octet-stream', 9)];
    mail.add({ id: 'a', threadId: 't', from, subject: '\u202Eregnaw', body: { attachments } });
    await show('#/f/inbox/t/t');
    await until(() => text().includes('regnaw'));
    await until(() => text().includes('Rechnung_fdp.exe'));
    expect(text()).not.toMatch(/[\u202A-\u202E]/);
    expect(all('bdi').some((one) => one.textContent === 'regnaw')).toBe(true);
  });

  it('names attachments that the administration lets nobody open, and opens none', async () => {
    const attachments = [attachmentOf('Plan.pdf', 'application/pdf', 9)];
    mail.add({ id: 'a', threadId: 't', body: { attachments } });
    await show('#/f/inbox/t/t', false);
    await until(() => text().includes('Plan.pdf'));
    expect(text()).toContain('Ihre Verwaltung lässt Sie hier keine Anhänge öffnen.');
    expect(all('button').some((one) => one.textContent?.includes('Plan.pdf'))).toBe(false);
    await show('#/f/inbox/t/t');
    await until(() => all('button').some((one) => one.textContent?.includes('Plan.pdf')));
  });

  it('is deleted into the trash, and comes back', async () => {
    mail.add({ id: 'a', threadId: 't' });
    await show('#/f/inbox/t/t');
    await press('Löschen');
    await until(() => mail.told.includes('a move inbox trash'));
    expect(location.hash).toBe('#/f/inbox');
    await press('Rückgängig');
    await until(() => mail.told.includes('a move trash inbox'));
  });

  it('is deleted for good only after a question', async () => {
    mail.add({ id: 'a', threadId: 't', mailboxIds: ['trash'] });
    await show('#/f/trash/t/t');
    await press('Löschen');
    await until(() => text().includes('Endgültig löschen?'));
    expect(mail.told).toEqual([]);
    await press('Endgültig löschen');
    await until(() => mail.told.includes('a destroy'));
  });
});

describe('writing', () => {
  const send = async () => {
    const to = () => document.querySelector<HTMLInputElement>('#feld-mail-to');
    await until(() => to() !== null);
    // Whoever types stands in the field, and is taken at their word when they leave it.
    await settled(() => to()?.focus());
    await type(to(), 'i.behrens@kreis.example');
    await type(document.querySelector('#mail-subject'), 'Räumplan');
    await type(document.querySelector('textarea'), 'Anbei der Plan.');
    await press('Senden');
  };

  it('keeps what is written once one pauses', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await show('#/schreiben');
    await settled();
    await type(document.querySelector('#mail-subject'), 'Räumplan');
    await settled(() => vi.advanceTimersByTime(QUIET_MS - 1));
    expect(mail.drafts).toEqual([]);
    await settled(() => vi.advanceTimersByTime(1));
    expect(mail.drafts.map(({ subject }) => subject)).toEqual(['Räumplan']);
    await type(document.querySelector('#mail-subject'), 'Räumplan 2');
    await settled(() => vi.advanceTimersByTime(QUIET_MS));
    expect(mail.drafts.map(({ id }) => id)).toEqual(['draft-1', 'draft-1']);
  });

  it('keeps what is written when the form is closed, and nothing of an empty one', async () => {
    await show('#/schreiben');
    await press('Schließen, Entwurf behalten');
    expect(mail.drafts).toEqual([]);
    await press('Neue Nachricht');
    await until(() => document.querySelector('#mail-subject') !== null);
    await type(document.querySelector('#mail-subject'), 'Halb fertig');
    await press('Schließen, Entwurf behalten');
    await until(() => mail.drafts.length === 1);
  });

  it('waits until it is known as whom one writes, so that no draft is begun that cannot be kept', async () => {
    const known = mail.identities;
    mail.identities = async () => [];
    await show('#/schreiben');
    await until(() => document.querySelector('[aria-label="Nachricht schreiben"]') !== null);
    expect(document.querySelector('#mail-subject')).toBeNull();
    mail.identities = known;
    await settled(() => mail.changed());
    await until(() => document.querySelector('#mail-subject') !== null);
    await type(document.querySelector('#mail-subject'), 'Gleich geschrieben');
    await press('Schließen, Entwurf behalten');
    await until(() => mail.drafts.length === 1);
    expect(mail.drafts[0]?.identityId).toBe('own');
  });

  it('asks before mail leaves the house or an attachment is missing, and takes it back', async () => {
    await show('#/schreiben');
    await until(() => document.querySelector('#mail-subject') !== null);
    await send();
    await until(() => text().includes('Die Nachricht verlässt das Haus.'));
    expect(text()).toContain('Fehlt der Anhang?');
    expect(mail.sent).toEqual([]);
    await press('Nach außen senden');
    await until(() => mail.sent.length === 1);
    expect(mail.sent[0]).toMatchObject({
      to: [{ name: null, email: 'i.behrens@kreis.example' }],
      subject: 'Räumplan',
      id: 'draft-1',
    });
    await press('Senden zurücknehmen');
    await until(() => mail.told.some((line) => line.startsWith('back')));
    await until(
      () => document.querySelector<HTMLInputElement>('#mail-subject')?.value === 'Räumplan',
    );
  });

  it.each([false, true])(
    'leaves the next message open while one is being sent, which fails: %s',
    async (fails) => {
      let end = () => {};
      const line = new Promise<void>((resolve, reject) => {
        end = () => (fails ? reject(new MailFault('refused')) : resolve());
      });
      const sent = mail.send.bind(mail);
      mail.send = async (draft) => {
        await line;
        return sent(draft);
      };
      await show('#/schreiben');
      await until(() => document.querySelector('#mail-subject') !== null);
      await send();
      await press('Nach außen senden');
      await press('Neue Nachricht');
      const subject = () => document.querySelector<HTMLInputElement>('#mail-subject');
      await until(() => subject()?.value === '');
      await type(subject(), 'Die nächste');
      await settled(end);
      await until(() => mail.sent.length === (fails ? 0 : 1));
      await until(
        () => text().includes('Nicht gesendet, liegt bei den Entwürfen: Räumplan') === fails,
      );
      expect(subject()?.value).toBe('Die nächste');
    },
  );

  it('suggests people by keyboard, each once', async () => {
    mail.known = [
      { name: 'Ines Behrens', email: 'ines@stadt.example' },
      { name: 'Bernd Ott', email: 'bernd@stadt.example' },
    ];
    await show('#/schreiben');
    const field = () => document.querySelector<HTMLInputElement>('#feld-mail-to');
    await until(() => field() !== null);
    await type(field(), 'be');
    await until(() => all('[role=option]').length === 2);
    const key = (name: string) =>
      settled(() =>
        field()?.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true })),
      );
    await key('ArrowDown');
    await key('ArrowDown');
    await key('Enter');
    await until(
      () =>
        all('.fa-recipients__one')
          .map((one) => one.textContent)
          .join() === 'Bernd Ott',
    );
    expect(field()?.value).toBe('');
    await until(() => all('[role=option]').length === 0);
    await type(field(), 'be');
    await until(() => all('[role=option]').length === 1);
    await key('Enter');
    await until(() => text().includes('Keine E-Mail-Adresse'));
  });

  it('says at the field that nothing leaves the house, and does not send', async () => {
    mail.outside = false;
    await show('#/schreiben');
    await until(() => document.querySelector('#mail-subject') !== null);
    await send();
    await until(() =>
      text().includes('Wird nicht zugestellt: \u2068i.behrens@kreis.example\u2069'),
    );
    expect(text()).not.toContain('verlässt das Haus');
    expect(mail.sent).toEqual([]);
  });

  it('warns of what looks like the house', async () => {
    await show('#/schreiben');
    await until(() => document.querySelector('#mail-subject') !== null);
    const field = document.querySelector<HTMLInputElement>('#feld-mail-to');
    await settled(() => field?.focus());
    await type(field, 'chef@stadt.example.evil.net');
    await press('Senden');
    await until(() => text().includes('Das sieht nach Ihrem Haus aus'));
  });

  it('is told where another window sent it before, and keeps what differs', async () => {
    mail.elsewhere = { sent: true, draft: 'draft-9' };
    await show('#/schreiben');
    await until(() => document.querySelector('#mail-subject') !== null);
    await send();
    await press('Nach außen senden');
    await until(() => text().includes('schon in einem anderen Fenster gesendet'));
    expect(mail.sent).toEqual([]);
    expect(document.querySelector('textarea')?.value).toContain('Anbei der Plan.');
    await press('Senden');
    await press('Nach außen senden');
    await until(() => mail.sent.length === 1);
    expect(mail.sent[0]).toMatchObject({ id: 'draft-9', root: 'draft-9' });
  });

  it('sends formatted text with its words as plain text, and goes back to plain text when asked', async () => {
    await show('#/schreiben');
    await until(() => document.querySelector('textarea') !== null);
    await type(document.querySelector('textarea'), 'Bitte <bald>\n\n> Frage');
    await press('Formatieren');
    await until(() => document.querySelector('[role=textbox][contenteditable]') !== null);
    const field = () => document.querySelector('[role=textbox]');
    expect(field()?.querySelector('blockquote')?.textContent).toBe('Frage');
    await settled(() => {
      const [line] = field()?.children ?? [];
      line?.replaceChildren(
        Object.assign(document.createElement('b'), { textContent: 'Sehr bald' }),
      );
    });
    await type(document.querySelector('#feld-mail-to'), 'jens@stadt.example');
    await type(document.querySelector('#mail-subject'), 'Plan');
    await until(() => mail.drafts.some(({ html }) => html?.includes('<b>Sehr bald</b>') ?? false));
    expect(mail.drafts.at(-1)?.text).toBe('Sehr bald\n\n> Frage');
    await press('Nur Text');
    await until(() => text().includes('Fett und kursiv gehen verloren'));
    await press('Formatierung verwerfen');
    await until(() => document.querySelector('textarea')?.value === 'Sehr bald\n\n> Frage');
    await press('Senden');
    await until(() => mail.sent.length === 1);
    expect(mail.sent[0]).toMatchObject({ html: null, text: 'Sehr bald\n\n> Frage' });
  });

  it('does not send to nobody, nor to what is no address', async () => {
    await show('#/schreiben');
    await press('Senden');
    await until(() => text().includes('Geben Sie an, wer'));
    await type(document.querySelector('#feld-mail-to'), 'niemand');
    await press('Senden');
    await until(() => text().includes('Keine E-Mail-Adresse: \u2068niemand\u2069'));
    expect(mail.sent).toEqual([]);
  });
});

const draftOf = (subject: string): Draft => ({ ...emptyDraft(undefined), subject });

const sendingOf = (id: string, subject: string, state: SendingState): Sending => {
  return { id, subject, state, to: [], heldUntilMs: null, refusal: null };
};

it('leaves it to the person whether an uncertain message is sent again', async () => {
  mail.sending = [sendingOf('s1', 'Eins', 'uncertain')];
  await show();
  await until(() => text().includes('gesendet?'));
  await press('Erneut senden');
  await until(() => mail.told.includes('again s1'));
});

it('says who a refused message did not reach and why, and opens its draft again', async () => {
  mail.add({ id: 's2', draft: true, mailboxIds: ['drafts'], subject: 'Zwei' });
  const recipients = Array.from({ length: 8 }, (_, number) => `p${number}@kreis.example`);
  const refusal = { code: 'invalidRecipients', recipients, most: null };
  mail.sending = [{ ...sendingOf('s2', 'Zwei', 'refused'), refusal }];
  await show();
  await until(() => text().includes('wurde nicht gesendet'));
  expect(text()).toContain('p0@kreis.example');
  expect(text()).toContain('5 weitere');
  expect(text()).not.toContain('p3@kreis.example');
  expect(text()).toContain('Diese Adressen gibt es nicht');
  await press('Entwurf öffnen');
  await until(() => document.querySelector<HTMLInputElement>('#mail-subject')?.value === 'Zwei');
  await until(() => mail.told.includes('forget s2'));
});

it('takes back what waits to be sent, and opens it', async () => {
  mail.add({ id: 's3', draft: true, mailboxIds: ['drafts'], subject: 'Drei' });
  mail.at = 'offline';
  mail.sending = [sendingOf('s3', 'Drei', 'waiting')];
  mail.sent.push(draftOf('Drei'));
  await show();
  await until(() => text().includes('Eine Nachricht wird gesendet, sobald'));
  await press('„\u2068Drei\u2069“ öffnen');
  await until(() => document.querySelector<HTMLInputElement>('#mail-subject')?.value === 'Drei');
  expect(mail.told).toContain('back s3');
});

describe('what is set for the mailbox', () => {
  const choose = async (entry: string) => {
    await press('Postfach einrichten');
    const item = () => all('[role=menuitem]').find((one) => one.textContent === entry);
    await until(() => item() !== undefined);
    await settled(() => item()?.click());
    await until(() => document.querySelector('[role=dialog]') !== null);
  };
  const dialog = () =>
    document.querySelector('[role=dialog],[role=alertdialog]')?.textContent ?? '';
  const field = (name: string) => document.querySelector<HTMLInputElement>(`[name=${name}]`);

  it('answers while one is away, and says so with its end', async () => {
    await show();
    await choose('Abwesenheit');
    await until(() => field('mail-away-on') !== null);
    await settled(() => field('mail-away-on')?.click());
    await type(field('mail-away-first'), '2000-01-03');
    await type(field('mail-away-last'), '2000-01-02');
    await press('Speichern');
    await until(() => dialog().includes('Er liegt vor dem ersten Tag.'));
    expect(dialog()).toContain('Schreiben Sie, was die anderen erfahren sollen.');
    await type(field('mail-away-last'), '2000-01-04');
    await press('Speichern');
    await until(() => dialog().includes('Er ist schon vorbei.'));
    expect(mail.away).toBeNull();
    await type(field('mail-away-last'), '2099-12-31');
    await type(document.querySelector('textarea[name=mail-away-text]'), 'Ich bin im Urlaub.');
    await press('Speichern');
    await until(() => mail.away?.text === 'Ich bin im Urlaub.');
    await until(() => text().includes('eingeschaltet, bis Donnerstag, 31. Dezember'));
  });

  it('shows the absence without a line, and says why it cannot be changed', async () => {
    mail.away = {
      on: true,
      fromMs: null,
      untilMs: null,
      subject: '',
      text: 'Im Urlaub',
      answersOutside: true,
      outsideText: 'Bin verreist',
    };
    mail.at = 'offline';
    await show();
    await choose('Abwesenheit');
    await until(() => dialog().includes('Ohne Verbindung lässt sich die Notiz nicht ändern'));
    expect(document.querySelector<HTMLTextAreaElement>('[name=mail-away-text]')?.disabled).toBe(
      true,
    );
    expect(document.querySelector<HTMLTextAreaElement>('[name=mail-away-outside]')?.disabled).toBe(
      true,
    );
    expect(field('mail-away-silent')?.disabled).toBe(true);
    expect(dialog()).not.toContain('Speichern');
  });

  it('lets an absence be ended that is planned, where the administration switched absences off', async () => {
    mail.of = { ...mail.of, without: ['absence'] };
    const entries = () => all('[role=menuitem]').map((one) => one.textContent);
    await show();
    await press('Postfach einrichten');
    await until(() => entries().length > 0);
    expect(entries()).not.toContain('Abwesenheit');
    const inMenu = () => document.activeElement?.closest('[role=menu]') ?? null;
    await until(() => inMenu() !== null);
    await settled(() =>
      inMenu()?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })),
    );
    mail.away = {
      on: true,
      fromMs: Date.now() + 7 * 86_400_000,
      untilMs: null,
      subject: '',
      text: 'Im Urlaub',
      answersOutside: true,
      outsideText: null,
    };
    await settled(() => mail.changed());
    await until(() => entries().length === 0);
    await choose('Abwesenheit');
    await until(() => dialog().includes('Ihre Verwaltung hat Abwesenheitsnotizen abgeschaltet'));
    expect(field('mail-away-first')?.disabled).toBe(true);
    const save = () => all('button').find((one) => one.textContent === 'Speichern');
    expect((save() as HTMLButtonElement).disabled).toBe(true);
    await settled(() => field('mail-away-on')?.click());
    await press('Speichern');
    await until(() => mail.away?.on === false);
  });

  it('answers those outside otherwise, or not at all', async () => {
    const outside = () =>
      document.querySelector<HTMLTextAreaElement>('textarea[name=mail-away-outside]');
    await show();
    await choose('Abwesenheit');
    await until(() => field('mail-away-on') !== null);
    await settled(() => field('mail-away-on')?.click());
    await type(document.querySelector('textarea[name=mail-away-text]'), 'Durchwahl 4711');
    expect(outside()).toBeNull();
    await settled(() => field('mail-away-other')?.click());
    await press('Speichern');
    await until(() => dialog().includes('Schreiben Sie, was die anderen erfahren sollen.'));
    expect(mail.away).toBeNull();
    expect(document.activeElement).toBe(outside());
    await type(outside(), 'Bin verreist');
    await press('Speichern');
    await until(() => mail.away?.outsideText === 'Bin verreist');
    expect(mail.away).toMatchObject({ text: 'Durchwahl 4711', answersOutside: true });
    // The text is kept for the next time, though nobody outside gets it.
    await until(() => document.querySelector('[role=dialog]') === null);
    await choose('Abwesenheit');
    await until(() => outside()?.value === 'Bin verreist');
    await settled(() => field('mail-away-silent')?.click());
    expect(outside()).toBeNull();
    expect(field('mail-away-other')?.disabled).toBe(true);
    await press('Speichern');
    await until(() => mail.away?.answersOutside === false);
    expect(mail.away?.outsideText).toBe('Bin verreist');
    expect(text()).toContain('eingeschaltet, ohne Ende');
  });

  it('makes folders, renames them, and says what a removed one leaves', async () => {
    mail.add({ mailboxIds: ['winter'] });
    await show();
    await choose('Ordner verwalten');
    await press('Neuer Ordner');
    await type(field('mail-folder-name'), 'Winterdienst');
    await press('Anlegen');
    await until(() => dialog().includes('Dieser Name geht nicht.'));
    await type(field('mail-folder-name'), 'Sommer');
    await press('Anlegen');
    await press('„\u2068Sommer\u2069“ umbenennen oder verschieben');
    await type(field('mail-folder-name'), 'Herbst');
    await press('Speichern');
    await until(() => mail.boxes.some(({ name }) => name === 'Herbst'));
    await press('„\u2068Winterdienst\u2069“ löschen');
    await until(() => dialog().includes('Die Nachricht darin kommt in den Papierkorb.'));
    await press('Ordner löschen');
    await until(() => mail.told.includes('folder winter destroyed'));
  });

  it('keeps a signature, which stands below the next message', async () => {
    await show();
    await choose('Signaturen');
    await type(document.querySelector('[name=mail-signature-own]'), 'E. Linde');
    await press('Speichern');
    await until(() => mail.signatures.get('own') === 'E. Linde');
    await press('Neue Nachricht');
    await until(() => document.querySelector('.fa-write__text') !== null);
    expect(document.querySelector<HTMLTextAreaElement>('.fa-write__text')?.value).toContain(
      '-- \nE. Linde',
    );
  });
});

it('draws nothing while it is locked', async () => {
  mail.add({ subject: 'Geheim' });
  await settled(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <MailPage mail={mail} locked />
      </I18nProvider>,
    ),
  );
  expect(text()).toContain('Der Container ist gesperrt');
  expect(text()).not.toContain('Geheim');
});
