import '../../src/ui/styles/index.css';
import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { I18nProvider as AriaLanguage } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { Guarded } from '../../src/features/mail/guard/guarded.tsx';
import type { Rules } from '../../src/features/mail/guard/rules.ts';
import type { ReadEmail } from '../../src/features/mail/model.ts';
import { MailFault } from '../../src/features/mail/model.ts';
import { PostPage } from '../../src/features/mail/page/accounts/post-page.tsx';
import { OwnFilesContext } from '../../src/features/mail/page/files/context.ts';
import { attachmentOf, FakeMail } from '../../src/features/mail/page/mail.fixture.ts';
import { MailPage } from '../../src/features/mail/page/mail-page.tsx';
import { formatLocale, loadCatalogue, startLanguage } from '../../src/i18n/index.ts';
import { keepFocus } from '../../src/ui/kept-focus.ts';
import { filesInMemory } from './files-in-memory.ts';
import { closedPost, teamPost } from './team-scenes.ts';

/** What the tests reach into the page by. */
export type Scenes = {
  mail: FakeMail;
  post: (html: string) => void;
  /** Shows a message with this attachment, in base64. */
  attach: (name: string, type: string, base64: string) => void;
  /** Shows a message as the server read it. */
  show: (email: ReadEmail) => void;
};

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const LETTER = `<table width="600" cellpadding="12" style="border:1px solid #d6d9e3;background:#f7f8fb"><tr><td>
<h2 style="color:#14388a;margin:0">Landkreis Beispiel</h2><p>Sehr geehrte Frau Linde,</p><p>zur Lagebesprechung
<b>Winterdienst</b> am Donnerstag laden wir Sie herzlich ein. Bitte melden Sie sich bis Mittwoch an:</p>
<p><a href="https://anmeldung.kreis.example/winter" style="display:inline-block;padding:8px 16px;background:#14388a;color:#fff;text-decoration:none">Zur Anmeldung</a></p>
<p>Die Unterlagen liegen unter <a href="https://unterlagen.evil.example/x">www.kreis.example</a>.</p>
<img src="https://zaehler.example/t.gif" width="1" height="1"><img src="https://bilder.example/karte.png" alt="Karte des Kreisgebiets"></td></tr></table>`;

const mail = new FakeMail(Date.now());
const at = (days: number, minutes = 0) => mail.now - days * DAY_MS - minutes * MINUTE_MS;
const person = (name: string, email: string) => [{ name, email }];
const own = person('Erika Linde', 'erika.linde@stadt.example');
const jens = person('Jens Ahlers', 'jens.ahlers@stadt.example');
const ines = person('Ines Behrens', 'i.behrens@kreis.example');

function furnish() {
  mail.add({
    id: 'dach-1',
    threadId: 'dach',
    from: jens,
    to: [...own, ...person('Bauamt', 'bauamt@stadt.example')],
    subject: 'Dachsanierung Grundschule: Angebote',
    preview: 'Guten Morgen, anbei die drei Angebote. Das günstigste liegt bei 84.000 Euro.',
    receivedAtMs: at(1, 130),
    body: {
      text: 'Guten Morgen,\n\nanbei die drei Angebote. Das günstigste liegt bei 84.000 Euro.\n\nViele Grüße\nJens Ahlers',
      attachments: [attachmentOf('Angebote.pdf', 'application/pdf', 1_840_000)],
    },
  });
  mail.add({
    id: 'dach-2',
    threadId: 'dach',
    from: own,
    to: jens,
    mailboxIds: ['sent'],
    subject: 'Re: Dachsanierung Grundschule: Angebote',
    preview: 'Danke! Ist die Dämmung im günstigsten Angebot enthalten?',
    receivedAtMs: at(1, 60),
    body: { text: 'Danke! Ist die Dämmung im günstigsten Angebot enthalten?' },
  });
  mail.add({
    id: 'dach-3',
    threadId: 'dach',
    from: jens,
    to: [...own, ...person('Bauamt', 'bauamt@stadt.example')],
    seen: false,
    flagged: true,
    subject: 'Re: Dachsanierung Grundschule: Angebote',
    preview: 'Ja, die Dämmung ist enthalten, das Gerüst kommt dazu. Details unter',
    receivedAtMs: at(0, 25),
    body: {
      text: 'Liebe Erika,\n\nja, die Dämmung ist enthalten, das Gerüst kommt dazu. Alle Einzelheiten stehen unter https://bauakte.stadt.example/2026/118.\n\nKönnen wir morgen um 9 Uhr kurz sprechen?\n\nViele Grüße\nJens\n\n> Danke! Ist die Dämmung im günstigsten Angebot enthalten?\n> \n> Erika',
      attachments: [
        attachmentOf('Gerüst.txt', 'text/plain', 900),
        attachmentOf('Südseite.png', 'image/png', 640_000),
        attachmentOf(
          'Angebot Gerüstbau Nordhaus GmbH vom 20. November.pdf',
          'application/pdf',
          2_310_000,
        ),
      ],
    },
  });
  mail.blobs.set('blob-Gerüst.txt', new TextEncoder().encode('Gerüst: 6.200 Euro, vier Wochen.'));
  mail.add({
    id: 'kreis',
    from: ines,
    to: own,
    cc: jens,
    seen: false,
    subject: 'Einladung: Lagebesprechung Winterdienst',
    preview: 'Sehr geehrte Frau Linde, zur Lagebesprechung Winterdienst am Donnerstag laden wir',
    receivedAtMs: at(0, 52),
    body: { html: LETTER },
  });
  const rest: [string, string, string, string, Partial<Parameters<FakeMail['add']>[0]>?][] = [
    [
      'Personalstelle',
      'personal@stadt.example',
      'Urlaubsplanung für das erste Quartal',
      'Bitte tragen Sie Ihre Wünsche bis zum 30. November ein.',
      { seen: false },
    ],
    [
      'Maria Önder',
      'm.oender@stadt.example',
      'Schlüssel für die Turnhalle',
      'Liegt beim Hausmeister bereit, bitte bis Freitag abholen.',
      { answered: true },
    ],
    [
      'Stadtwerke Beispielau',
      'service@stadtwerke.example',
      'Abschaltung am Mittwoch, 6 bis 8 Uhr',
      'Wegen Arbeiten am Netz wird der Strom im Rathaus abgeschaltet.',
      { waiting: true, flagged: true },
    ],
    [
      'Dr. Karl-Friedrich von Hohenstein-Wassermann',
      'kfvhw@anwaelte.example',
      'Stellungnahme zum Bebauungsplan Nr. 47 „Am Alten Güterbahnhof“, zweite Auslegung',
      'Namens und in Vollmacht meiner Mandantschaft nehme ich wie folgt Stellung',
      { hasAttachment: true },
    ],
    ['Tom Wilke', 'tom.wilke@stadt.example', 'Mittag?', '12:15 unten?', {}],
    [
      'Rechnungsprüfung',
      'rpa@stadt.example',
      'Rückfrage zur Haushaltsstelle 4711',
      'In der Buchung vom 3. November fehlt uns der Beleg.',
      { hasAttachment: true },
    ],
    [
      'Poststelle',
      'poststelle@stadt.example',
      'Einschreiben eingegangen',
      'Für Sie liegt ein Einschreiben bereit.',
      {},
    ],
  ];
  rest.forEach(([name, email, subject, preview, more], index) => {
    mail.add({
      id: `rest-${index}`,
      from: person(name, email),
      to: own,
      subject,
      preview,
      receivedAtMs: at(index < 2 ? 0 : index * 2, 90 + index * 47),
      ...more,
      body: { text: `${preview}\n\nMit freundlichen Grüßen\n${name}` },
    });
  });
  mail.add({
    id: 'entwurf',
    mailboxIds: ['drafts'],
    draft: true,
    from: own,
    to: ines,
    subject: 'Räumplan der Stadt',
    preview: 'Sehr geehrte Frau Behrens, anbei unser Räumplan.',
    body: { text: 'Sehr geehrte Frau Behrens,\n\nanbei unser Räumplan.' },
  });
}

const scene = new URLSearchParams(location.search).get('szene') ?? 'posteingang';
if (scene !== 'leer') furnish();
if (scene === 'offline') {
  mail.at = 'offline';
  mail.queued = 3;
  mail.synced = at(0, 47);
  const to = ines;
  mail.sending = [
    {
      id: 's1',
      subject: 'Räumplan der Stadt',
      to,
      state: 'uncertain',
      heldUntilMs: null,
      refusal: null,
    },
    { id: 's2', subject: 'Angebot', to, state: 'waiting', heldUntilMs: null, refusal: null },
  ];
}
if (scene === 'abgelehnt') {
  const recipients = Array.from(
    { length: 9 },
    (_, number) => `postfach-${number + 1}@kreis.example`,
  );
  const refusal = { code: 'invalidRecipients', recipients, most: null };
  const named = { subject: 'Räumplan der Stadt', to: ines, heldUntilMs: null };
  mail.sending = [{ id: 'entwurf', ...named, state: 'refused', refusal }];
}
if (scene === 'drinnen') mail.outside = false;
if (scene === 'weg') {
  const untilMs = new Date(2099, 11, 24).getTime();
  mail.away = {
    on: true,
    fromMs: null,
    untilMs,
    subject: '',
    text: 'Ich bin im Urlaub. In dringenden Fällen hilft Tom Wilke, Durchwahl 4712.',
    answersOutside: true,
    outsideText: 'Ich bin im Urlaub. In dringenden Fällen hilft das Bauamt: bauamt@stadt.example.',
  };
}
if (scene === 'verdreht') {
  mail.add({
    id: 'verdreht',
    from: person('Stadtkasse\u202Eelttim', 'kasse@stadt-example.net'),
    to: own,
    seen: false,
    subject: '\u202Egnunhcer ednehetsffuA',
    preview: 'Bitte öffnen Sie die Rechnung.',
    receivedAtMs: at(0, 1),
    body: {
      text: 'Bitte öffnen Sie die Rechnung.',
      attachments: [attachmentOf('Rechnung_\u202Efdp.exe', 'application/octet-stream', 90_000)],
    },
  });
}
mail.known = [
  { name: 'Ines Behrens', email: 'i.behrens@kreis.example' },
  { name: 'Bernd Ott', email: 'bernd.ott@stadt.example' },
  { name: null, email: 'beschaffung@stadt.example' },
  {
    name: 'Dr. Karl-Friedrich von Hohenstein-Wassermann-Bergedorf',
    email: 'karl-friedrich.von.hohenstein-wassermann@anwaelte.example',
  },
];
if (scene === 'stoerung') mail.fault = new MailFault('refused');

(window as unknown as { scenes: Scenes }).scenes = {
  mail,
  /** Shows a foreign HTML text as a message of the inbox. */
  post: (html) => {
    const { id } = mail.add({
      subject: 'Fremd',
      receivedAtMs: mail.now + mail.heads.length,
      body: { html },
    });
    location.hash = `#/f/inbox/t/t-${id}`;
    mail.changed();
  },
  attach: (name, type, base64) => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const attachment = {
      ...attachmentOf(name, type, bytes.length),
      blobId: `b-${mail.blobs.size}`,
    };
    mail.blobs.set(attachment.blobId, bytes);
    const { id } = mail.add({
      subject: 'Mit Anhang',
      receivedAtMs: mail.now + mail.heads.length,
      body: { text: `Anbei ${name}`, attachments: [attachment] },
    });
    location.hash = `#/f/inbox/t/t-${id}`;
    mail.changed();
  },
  show: ({ subject, from, to, body }) => {
    const { id } = mail.add({
      subject,
      from,
      to,
      receivedAtMs: mail.now + mail.heads.length,
      body,
    });
    location.hash = `#/f/inbox/t/t-${id}`;
    mail.changed();
  },
};

const asked = new URLSearchParams(location.search).get('regeln')?.split(' ') ?? [];
const rules: Rules = {
  copyOut: asked.includes('kopieren'),
  print: asked.includes('drucken'),
  download: asked.includes('herunterladen'),
  watermark: asked.includes('wasserzeichen'),
  blur: asked.includes('verdecken'),
  files: !asked.includes('ohne-ablage'),
  attachments: !asked.includes('ohne-anhaenge'),
};

const several =
  scene === 'team' ? teamPost(mail) : scene === 'geschlossen' ? closedPost(mail) : null;

keepFocus();
await loadCatalogue('mail/page');
await startLanguage();
const place = document.getElementById('app');
if (!place) throw new Error('the page has no #app');
createRoot(place).render(
  <I18nProvider i18n={i18n}>
    <AriaLanguage locale={formatLocale()}>
      <header className="fa-bar" style={{ height: 'var(--fa-bar)' }}>
        <span className="fa-brand">
          <span className="fa-brand__name">Post</span>
        </span>
      </header>
      <main id="inhalt">
        <Guarded rules={rules} person="Erika Linde (erika)">
          <OwnFilesContext value={rules.files ? filesInMemory() : null}>
            {several ? <PostPage post={several} /> : <MailPage mail={mail} />}
          </OwnFilesContext>
        </Guarded>
      </main>
    </AriaLanguage>
  </I18nProvider>,
);
