import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, picture } from '../support/browser.ts';
import { row, visitPost } from '../support/post-visit.ts';
import { RealOffice } from '../support/real-office.ts';

const STORY_MS = 180_000;
/** What somebody may no longer do ends within this. */
const SOON = { timeout: 5_000 };
const SHARED = 'Bürgerbüro';

/** A mailbox of several people on the real server: who takes care of what, on whose behalf, and until when. */
describe('working for others in the real office', () => {
  let browser: Browser;
  let office: RealOffice;
  beforeAll(async () => {
    [browser, office] = await Promise.all([launch(), RealOffice.start()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  const atPost = (name: string) => visitPost(browser, office, name);
  const switcher = (page: Page) => page.getByRole('navigation', { name: 'Postfächer' });
  const open = (page: Page) => switcher(page).getByRole('link', { name: SHARED }).click();
  const team = (page: Page) => page.getByRole('region', { name: 'Zusammenarbeit' });

  it(
    'two share a mailbox: one takes a letter, answers on behalf, and loses the right while at it',
    async () => {
      const [erika, max] = [await atPost('erika'), await atPost('max')];
      try {
        await Promise.all([open(erika.page), open(max.page)]);
        await row(max.page, 'Hund anmelden').click();
        await max.page.getByText('einen Hund aus dem Tierheim').first().waitFor();
        await team(max.page).getByRole('button', { name: 'Übernehmen' }).click();
        await team(max.page).getByText('kümmern sich darum').waitFor();
        await team(max.page).getByRole('button', { name: 'Notiz schreiben' }).click();
        await team(max.page)
          .getByLabel('Interne Notiz', { exact: true })
          .last()
          .fill('Ruft zurück');
        await team(max.page).getByRole('button', { name: 'Notiz speichern' }).click();

        await row(erika.page, 'Hund anmelden').getByText('Max Beispiel kümmert sich').waitFor();
        await row(erika.page, 'Hund anmelden').click();
        await team(erika.page).getByText('Max Beispiel kümmert sich darum').waitFor();
        await team(erika.page).getByText('Ruft zurück').waitFor();
        await picture(erika.page, 'team-notiz');

        await max.page.getByRole('button', { name: 'Neue Nachricht' }).click();
        await max.page.getByText('im Auftrag von Bürgerbüro').waitFor();
        const host = new URL(office.origin).hostname;
        await max.page.getByLabel('An', { exact: true }).fill(`karl@${host}`);
        await max.page.keyboard.press('Enter');
        await max.page.getByLabel('Betreff').fill('Vertretung am Montag');
        await max.page.getByLabel('Text der Nachricht').fill('Wer sitzt am Montag am Schalter?');
        await picture(max.page, 'team-auftrag');
        await max.page.getByRole('button', { name: 'Senden', exact: true }).click();
        await erika.page
          .getByRole('navigation', { name: 'Ordner' })
          .getByText('Gesendet', { exact: true })
          .click();
        await row(erika.page, 'Vertretung am Montag').waitFor();

        // Without a line Max goes on; meanwhile Erika takes his right.
        await max.context.setOffline(true);
        await row(max.page, 'Personalausweis abgelaufen').first().click();
        await team(max.page).getByRole('button', { name: 'Übernehmen' }).click();
        await team(max.page).getByText('wartet auf die Verbindung').waitFor();
        await erika.page.getByRole('button', { name: 'Vertretungen' }).click();
        const dialog = erika.page.getByRole('dialog', { name: `Vertretungen: ${SHARED}` });
        await dialog.getByRole('button', { name: 'Max Beispiel den Zugang nehmen' }).click();
        await dialog.getByText('Max Beispiel hat keinen Zugang mehr.').waitFor();
        await max.context.setOffline(false);
        await max.page
          .getByText(`Das Postfach „${SHARED}“ ist für Sie nicht mehr geöffnet.`)
          .waitFor();
        await picture(max.page, 'team-geschlossen');
        expect(await max.page.getByText('Hund anmelden').count()).toBe(0);
        expect(await max.page.getByText('Personalausweis').count()).toBeLessThanOrEqual(1);

        // Given back, it is there again without a word; taken again, it is gone at once.
        await dialog.getByRole('button', { name: 'Rückgängig' }).click();
        await switcher(max.page).getByRole('link', { name: SHARED }).waitFor();
        await open(max.page);
        await row(max.page, 'Hund anmelden').waitFor();
        await max.page.getByRole('button', { name: 'Hinweis entfernen' }).first().click();
        await dialog.getByRole('button', { name: 'Max Beispiel den Zugang nehmen' }).click();
        await max.page
          .getByText(`Das Postfach „${SHARED}“ ist für Sie nicht mehr geöffnet.`)
          .waitFor(SOON);
        expect([...erika.faults, ...max.faults]).toEqual([]);
      } finally {
        await erika.context.close();
        await max.context.close();
      }
    },
    STORY_MS,
  );
});
