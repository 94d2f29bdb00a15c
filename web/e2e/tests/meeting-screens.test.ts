import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Screen as AnyScreen, everyScreen } from '../support/every-screen.ts';
import { MockMeeting, somebody } from '../support/mock-meeting.ts';
import { furnish } from '../support/mock-office.ts';

type Screen = AnyScreen & {
  path?: string;
  signedIn?: boolean;
  prepare?: (meeting: MockMeeting) => void;
  act?: (page: Page, meeting: MockMeeting) => Promise<void>;
};

const LINK = '/besprechung#gut';

const names = [
  'Mehmet Yılmaz',
  'Dr. Sieglinde Achternbusch-von der Wiesche',
  'Ada Krüger',
  'Ole Jensen',
  'Fatima El-Amrani',
  'Karl-Heinz Brückner',
  'Žofie Dvořáková',
];

/** Gives a name where one is asked for, and goes in. */
async function join(page: Page): Promise<void> {
  await page.locator('.fa-door form').waitFor();
  const name = page.locator('input[name=name]');
  if (await name.count()) await name.fill('Jana Petersen');
  await page.locator('.fa-door form button[type=submit]').click();
}

const inside = async (page: Page) => {
  await join(page);
  await page.locator('.fa-tools').waitFor();
  // Where the button was is now a tool, whose tooltip would cover a part.
  await page.mouse.move(2, 2);
  await page.locator('.fa-tooltip').waitFor({ state: 'detached' });
};

const tool = (page: Page, icon: number) => page.locator('.fa-tool:visible').nth(icon);

function furnished(meeting: MockMeeting, role: 'host' | 'participant' = 'participant'): void {
  meeting.role = role;
  meeting.others = names.map((name, index) =>
    somebody(name, { role: index === 0 ? 'host' : 'participant', guest: index === 6 }),
  );
  const [first, second] = meeting.others;
  if (!first || !second) return;
  const at = '2026-11-23T09:12:00Z';
  const message = {
    guest: false,
    to: { who: 'everybody' as const },
    to_guest: false,
    to_name: null,
    reply_to: null,
    at,
  };
  meeting.chat = [
    {
      ...message,
      id: 1,
      seat: first.id,
      name: first.name,
      text: 'Guten Morgen! Die Unterlagen liegen im Ordner „Haushalt 2027“.',
      edited_at: null,
      reactions: [{ reaction: 'thumbs_up', seats: [second.id, first.id] }],
    },
    {
      ...message,
      id: 2,
      seat: second.id,
      name: second.name,
      text: 'Danke. Seite 4 stimmt noch nicht mit dem Entwurf überein: https://ablage.auenbrueck.de/haushalt-2027/entwurf/seite-4?ansicht=gegenueberstellung.',
      edited_at: at,
      reply_to: 1,
      reactions: [],
    },
  ];
}

const screens: Screen[] = [
  { name: 'beitreten', path: '/besprechung' },
  {
    name: 'beitreten-fehlt',
    path: '/besprechung',
    act: async (page) => {
      await page.locator('input[name=number]').fill('12');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'beitreten-falsche-pin',
    path: '/besprechung',
    act: async (page) => {
      await page.locator('input[name=number]').fill('417 203 956');
      await page.locator('input[name=pin]').fill('000000');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'beitreten-vorbei',
    path: '/besprechung#vorbei',
    act: (page) => page.getByRole('alert').waitFor(),
  },
  {
    name: 'beitreten-falscher-link',
    path: '/besprechung#falsch',
    act: (page) => page.getByRole('alert').waitFor(),
  },
  { name: 'tuer', act: (page) => page.locator('.fa-door form').waitFor() },
  {
    name: 'tuer-geraete',
    act: async (page) => {
      await page.locator('.fa-preview__bar button').first().click();
      await page.locator('.fa-level').waitFor();
      await page.locator('.fa-preview__bar button').nth(1).click();
      await page.locator('.fa-preview__video').waitFor();
      await page.locator('.fa-check-devices summary').click();
    },
  },
  {
    name: 'tuer-vertraulich',
    prepare: (meeting) => {
      meeting.facts.protection = 'confidential';
      meeting.facts.safeguards.encryption = 'end_to_end';
      meeting.place = 'lobby';
    },
    act: (page) => page.locator('.fa-door form').waitFor(),
  },
  {
    name: 'tuer-zuhoeren',
    prepare: (meeting) => {
      meeting.role = 'listener';
      meeting.facts.kind = 'lecture';
    },
    act: (page) => page.locator('.fa-door form').waitFor(),
  },
  {
    name: 'warteraum',
    prepare: (meeting) => {
      meeting.place = 'lobby';
      meeting.waitingText = 'Wir beginnen um 10 Uhr. Bitte haben Sie noch etwas Geduld.';
    },
    act: async (page) => {
      await join(page);
      await page.locator('.fa-lobby').waitFor();
    },
  },
  ...(
    ['removed', 'not_admitted', 'time_over', 'full', 'locked', 'elsewhere', 'revoked'] as const
  ).map(
    (why): Screen => ({
      name: `ende-${why}`,
      act: async (page, meeting) => {
        await inside(page);
        meeting.end(why);
        await page.locator('.fa-empty').waitFor();
      },
    }),
  ),
  { name: 'besprechung-allein', act: inside, visible: true },
  { name: 'besprechung', prepare: furnished, act: inside, visible: true },
  {
    name: 'besprechung-leiten',
    prepare: (meeting) => {
      furnished(meeting, 'host');
      const since = '2026-11-23T09:05:00Z';
      meeting.lobby = [
        {
          seat: somebody('').id,
          name: 'Bürgerinitiative „Rettet die Auenwiesen am alten Wehr“',
          guest: true,
          by_pin: true,
          since,
        },
        { seat: somebody('').id, name: 'Ines Behrens', guest: true, by_pin: false, since },
      ];
      const hand = meeting.others[3];
      if (hand) {
        const { id: seat, name, guest } = hand;
        meeting.hands = [{ seat, name, guest, since, question: null }];
      }
    },
    act: async (page) => {
      await inside(page);
      await page.keyboard.press('p');
      await page.locator('.fa-people').waitFor();
    },
    visible: true,
  },
  {
    name: 'besprechung-chat',
    prepare: furnished,
    act: async (page) => {
      await inside(page);
      await page.keyboard.press('c');
      await page.locator('.fa-chat').waitFor();
    },
    visible: true,
  },
  {
    name: 'besprechung-regeln',
    prepare: (meeting) => furnished(meeting, 'host'),
    act: async (page) => {
      await inside(page);
      await page.locator('.fa-tool:visible').nth(-2).click();
      await page
        .getByRole('menuitem')
        .filter({ hasText: /leiten|Run/ })
        .click();
      await page.getByRole('dialog').waitFor();
    },
    visible: true,
  },
  {
    name: 'besprechung-tastatur',
    prepare: furnished,
    act: async (page) => {
      await inside(page);
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
    visible: true,
  },
  {
    name: 'besprechung-verlassen',
    prepare: (meeting) => furnished(meeting, 'host'),
    act: async (page) => {
      await inside(page);
      await tool(page, -1).click();
      await page.getByRole('alertdialog').waitFor();
    },
    visible: true,
  },
  {
    name: 'besprechung-unterbrochen',
    prepare: furnished,
    act: async (page, meeting) => {
      await inside(page);
      await meeting.cut();
      await page.locator('.fa-notice--warning').waitFor();
    },
    visible: true,
  },
  {
    name: 'besprechung-viele',
    prepare: (meeting) => {
      meeting.others = Array.from({ length: 60 }, (_, index) =>
        somebody(`${names[index % names.length]} ${index + 1}`),
      );
    },
    act: inside,
    visible: true,
  },
  {
    name: 'vortrag',
    prepare: (meeting) => {
      furnished(meeting);
      meeting.facts.kind = 'lecture';
      meeting.others = meeting.others.slice(0, 2);
      meeting.role = 'listener';
      meeting.listeners = 312;
    },
    act: inside,
    visible: true,
  },
  {
    name: 'frage-im-vortrag',
    prepare: (meeting) => {
      meeting.facts.kind = 'lecture';
      meeting.role = 'listener';
    },
    act: async (page) => {
      await inside(page);
      await page.keyboard.press('h');
      await page.getByRole('dialog').waitFor();
    },
    visible: true,
    // On a phone axe cannot tell the sheet at the foot from a part of the page.
    wideOnly: true,
  },
  {
    name: 'vortrag-leiten',
    prepare: (meeting) => {
      furnished(meeting, 'host');
      meeting.facts.kind = 'lecture';
      meeting.others = meeting.others.slice(0, 2);
      meeting.listeners = 312;
      const since = '2026-11-23T09:05:00Z';
      meeting.hands = ['Ole Jensen', 'Fatima El-Amrani'].map((name, index) => ({
        seat: somebody(name).id,
        name,
        guest: index === 1,
        since,
        question: index ? null : 'Wann kommt die Förderung für die Grundschule am Wehr?',
      }));
    },
    act: async (page) => {
      await inside(page);
      await page.keyboard.press('p');
      await page.locator('.fa-people').waitFor();
    },
    visible: true,
  },
];

everyScreen<Screen>({
  of: 'around a meeting',
  screens,
  devices: true,
  inContrast: ['tuer-geraete', 'besprechung-leiten', 'besprechung-chat'],
  show: (screen, office) => {
    furnish(office).signedIn = screen.signedIn ?? false;
    const meeting = new MockMeeting().open(office);
    screen.prepare?.(meeting);
    return async (page) => {
      await meeting.serve(page);
      await page.goto(screen.path ?? LINK);
      await page.locator('main h1').first().waitFor();
      await screen.act?.(page, meeting);
      expect(new URL(page.url()).hash).toBe('');
    };
  },
});
