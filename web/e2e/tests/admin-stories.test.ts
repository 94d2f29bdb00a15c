import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import * as admin from '../support/mock-admin.ts';
import * as meetings from '../support/mock-admin-meetings.ts';
import { MockOffice, problem } from '../support/mock-office.ts';

describe('administration, page by page', () => {
  let browser: Browser;
  let office: MockOffice;
  let visiting: Visit;
  let page: Page;

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    office = admin.furnishAdmin(await MockOffice.start());
    visiting = await visit(browser, office.origin);
    page = visiting.page;
  });
  afterEach(async () => {
    expect(visiting.faults).toEqual([]);
    await visiting.context.close();
    await office.stop();
  });

  const open = async (path: string) => {
    await page.goto(`/verwaltung${path}`);
    await page.locator('main h1').waitFor();
    await page.waitForLoadState('networkidle');
  };
  const sent = (method: string, path: string) =>
    office.calls.filter((call) => call.method === method && call.path === `/api/v1/admin${path}`);
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const status = (text: string) => page.locator('.fa-toasts').getByText(text).waitFor();

  it('approves waiting devices by keyboard, one after the other', async () => {
    const waiting = admin.devices.filter(({ state }) => state === 'pending');
    await open('/geraete');
    await page.locator('button[data-approve]').first().focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.closest('li')?.dataset.device)).toBe(
      waiting[1]?.id,
    );
    await page.keyboard.press('Enter');
    await status('„Notebook zu Hause“ von Karl-Friedrich Schulze-Wittenberge ist freigegeben.');
    expect(sent('POST', `/devices/${waiting[1]?.id}/approve`)).toHaveLength(1);
    expect(await page.evaluate(() => document.activeElement?.closest('li')?.dataset.device)).toBe(
      waiting[2]?.id,
    );
  });

  it('asks before it wipes a container, and says what is lost and what stays', async () => {
    const held = admin.devices.find(({ container }) => container);
    await open('/geraete');
    await page
      .getByRole('row', { name: held?.name ?? '' })
      .getByText('mit Container')
      .waitFor();
    await button(new RegExp(`Was tun mit „${held?.name}“`)).click();
    await page.getByRole('menuitem', { name: 'Container löschen' }).click();
    const question = page.getByRole('alertdialog');
    expect(await question.textContent()).toMatch(/noch nicht gesendet hat, ist verloren.*Server/);
    expect(sent('POST', `/devices/${held?.id}/wipe`)).toHaveLength(0);
    await button('Container löschen').click();
    await status(`Der Container auf „${held?.name}“ ist gelöscht.`);
    expect(sent('POST', `/devices/${held?.id}/wipe`)).toHaveLength(1);
    // Where there is none, there is nothing to wipe.
    await button(/Was tun mit „Edge, Windows“/).click();
    await page.getByRole('menuitem', { name: 'Endgültig sperren' }).waitFor();
    expect(await page.getByRole('menuitem', { name: 'Container löschen' }).count()).toBe(0);
  });

  it('asks before it refuses a device, and names what ends', async () => {
    const [first] = admin.devices;
    office.on('POST', `/admin/devices/${first?.id}/revoke`, { ...first, state: 'revoked' });
    await open('/geraete');
    await page.locator('button[data-approve]').first().focus();
    await page.keyboard.press('Delete');
    const question = page.getByRole('alertdialog');
    expect(await question.textContent()).toContain('endet sofort');
    // Escape is the way out, and nothing has happened.
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(sent('POST', `/devices/${first?.id}/revoke`)).toHaveLength(0);
    // The focus is back where it was.
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.hasAttribute('data-approve')))
      .toBe(true);
    await page.keyboard.press('Delete');
    await button('Gerät endgültig sperren').click();
    await status('„Firefox, Windows“ ist endgültig gesperrt.');
    expect(sent('POST', `/devices/${first?.id}/revoke`)).toHaveLength(1);
  });

  it('writes a rule by form: what is sent is what the sentence says', async () => {
    office.on('POST', '/admin/rules', (body: Record<string, unknown>) => ({
      status: 201,
      body: { ...body, id: 'x', version: '1', cedar: '' },
    }));
    await open('/regeln/neu');
    await page.getByLabel('Name der Regel').fill('Heimarbeit abends');
    const choose = async (label: string, text: string) => {
      await page.getByRole('combobox', { name: label }).fill(text);
      await page.getByRole('option', { name: text }).click();
    };
    await choose('Gruppen', 'Heimarbeit');
    await choose('Bündel', 'Bauamt');
    await page.getByLabel('Browser', { exact: true }).check();
    await button('Auf Zeiten beschränken').click();
    await page.getByLabel('Freitag').uncheck();
    await page.getByLabel('bis', { exact: true }).fill('00:00');
    const sentence = page.locator('.fa-sentence');
    await sentence.getByText('montags bis donnerstags von 6 bis 24 Uhr').waitFor();
    expect(await sentence.textContent()).toContain(
      'Die Gruppe „Heimarbeit“ darf alles im Bündel „Bauamt“ nutzen: auf freigegebenen Geräten der Art Browser, mit zweitem Faktor',
    );
    await button('Regel speichern').click();
    await status('Die Regel „Heimarbeit abends“ gilt jetzt.');
    expect(sent('POST', '/rules')[0]?.body).toMatchObject({
      name: 'Heimarbeit abends',
      enabled: true,
      body: {
        kind: 'form',
        form: {
          effect: 'allow',
          groups: [admin.groups[2]?.id],
          bundles: [admin.bundles[0]?.id],
          device_kinds: ['browser'],
          device_states: ['approved'],
          second_factor: true,
          times: [{ weekdays: [1, 2, 3, 4], from: '06:00', to: '24:00' }],
        },
      },
    });
  });

  it('says who is missing before it asks the server', async () => {
    await open('/regeln/neu');
    await button('Regel speichern').click();
    const summary = page.getByRole('alert');
    await summary.waitFor();
    expect(await summary.evaluate((box) => box === document.activeElement)).toBe(true);
    expect(await summary.getByRole('link').allTextContents()).toEqual([
      'Geben Sie der Regel einen Namen.',
      'Wählen Sie, für wen die Regel gilt.',
      'Wählen Sie, um welche Ziele es geht.',
    ]);
    expect(sent('POST', '/rules')).toHaveLength(0);
  });

  it('takes a form over into Cedar and shows its faults by line', async () => {
    await open(`/regeln/${admin.rules[0]?.id}`);
    await page.getByText('Für Fachleute').click();
    await page.getByLabel('Als Cedar-Text').check();
    const text = page.getByRole('textbox', { name: 'Cedar-Text' });
    expect(await text.inputValue()).toContain('permit (');
    await text.fill('permit (principal, action, resource)\n whem { true };');
    await page.getByText('Zeile 3, Spalte 14:').waitFor();
  });

  it('does not overwrite what somebody else changed, and drops what was typed only when asked', async () => {
    const [target] = admin.targets;
    const path = `/admin/targets/${target?.id}`;
    office.on('PUT', path, () => problem(409, 'outdated'));
    await open(`/ziele/${target?.id}`);
    await page.getByLabel('Beschreibung').fill('Mein Satz');
    office.on('GET', path, { ...target, version: '2', description: 'Deren Satz' });
    await button('Änderungen speichern').click();
    await page.getByText('Jemand anderes hat diesen Eintrag inzwischen geändert').waitFor();
    expect(await page.getByLabel('Beschreibung').inputValue()).toBe('Mein Satz');
    await button('Meine Eingaben verwerfen').click();
    await expect.poll(() => page.getByLabel('Beschreibung').inputValue()).toBe('Deren Satz');
  });

  it('shows a table before it applies it, and takes it back', async () => {
    await open('/ziele/einspielen');
    await page.locator('input[type=file]').setInputFiles({
      name: 'ziele.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('name;kind\nBüro;rdp', 'latin1'),
    });
    await page.getByText('1 Ziel wird angelegt, 1 geändert, 1 bleibt').waitFor();
    const bytes = Buffer.from('name;kind\nBüro;rdp', 'latin1').toString('base64');
    expect(sent('POST', '/targets/import').at(-1)?.body).toEqual({
      csv_base64: bytes,
      preview: true,
    });
    await page.locator('.fa-alert').getByRole('button', { name: 'Tabelle einspielen' }).click();
    await page.getByText('Eingespielt: 1 angelegt, 1 geändert').waitFor();
    expect(sent('POST', '/targets/import').at(-1)?.body).toEqual({
      csv_base64: bytes,
      preview: false,
    });
    await button('Import zurücknehmen').click();
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: 'Import zurücknehmen' })
      .click();
    await page.getByText('Zurückgenommen: 2 Ziele sind wieder wie vorher').waitFor();
  });

  it('applies nothing while a line has a fault', async () => {
    office.on('POST', '/admin/targets/import', admin.importFaults);
    await open('/ziele/einspielen');
    await page.locator('input[type=file]').setInputFiles({
      name: 'ziele.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('name\n'),
    });
    await page.getByText('2 Zeilen haben Fehler.').waitFor();
    await page.getByText('Spalte „port“: Der Port ist eine Zahl zwischen 1 und 65535.').waitFor();
    expect(await button('Tabelle einspielen').count()).toBe(0);
  });

  it('pins a certificate only after it was compared', async () => {
    const target = admin.targets[3];
    office.on('PUT', `/admin/targets/${target?.id}/certificate`, {
      ...target,
      pinned_certificate: admin.certificate.sha256,
      health: 'ok',
    });
    await open(`/ziele/${target?.id}`);
    await button('Zertifikat ansehen und vergleichen').click();
    await page.getByRole('dialog').getByText('FF:00:AA:11').first().waitFor();
    await button('Fingerabdruck stimmt, festhalten').click();
    await status('Das Zertifikat ist festgehalten.');
    expect(sent('PUT', `/targets/${target?.id}/certificate`)[0]?.body).toEqual({
      sha256: admin.certificate.sha256,
    });
  });

  it('asks why, and shows the condition that fails', async () => {
    await open(`/warum?person=${admin.people[3]?.id}&ziel=${admin.targets[0]?.id}`);
    await page.locator('input[value="Anna Bauer"]').waitFor();
    await button('Entscheidung ansehen').click();
    const heading = page.getByRole('heading', {
      name: 'Anna Bauer darf „Terminalserver Bauamt“ nicht nutzen',
    });
    await heading.waitFor();
    expect(await heading.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.getByText('Verlangt wird ein zweiter Faktor.').waitFor();
    expect(sent('POST', '/why')[0]?.body).toMatchObject({
      person_id: admin.people[3]?.id,
      target_id: admin.targets[0]?.id,
      device_kind: 'browser',
      methods: ['password', 'totp'],
      zone: 'internet',
    });
  });

  it('ends a session after naming what runs in it', async () => {
    office.on('DELETE', '/admin/sessions/.*', () => ({}));
    await open('/sitzungen');
    await button(/^Sitzung beenden: Anna Bauer/).click();
    const question = page.getByRole('alertdialog');
    expect(await question.textContent()).toContain('„Terminalserver Bauamt“ und „Telefonanlage“');
    await question.getByRole('button', { name: 'Sitzung beenden' }).click();
    await status('Die Sitzung von Anna Bauer ist beendet.');
    // One's own session is not ended from here.
    expect(await button(/^Sitzung beenden: Jana Petersen/).isDisabled()).toBe(true);
  });

  it('keeps a refused deed in its dialog and says why', async () => {
    const person = admin.people[3];
    office.on('POST', `/admin/people/${person?.id}/disable`, () =>
      problem(409, 'last_administrator'),
    );
    await open(`/personen/${person?.id}`);
    await button('Konto deaktivieren').click();
    const question = page.getByRole('alertdialog');
    await question.getByRole('button', { name: 'Konto deaktivieren' }).click();
    await question.getByText('Das ist das letzte aktive Konto').waitFor();
  });

  it('filters the audit log and keeps the filter in the address', async () => {
    await open('/protokoll');
    await page.getByLabel('Was', { exact: true }).selectOption('decision');
    await expect.poll(() => new URL(page.url()).searchParams.get('art')).toBe('decision');
    await button('Pseudonym P-2XN8RT').first().click();
    await page.getByRole('menuitem', { name: 'Nur Einträge dazu zeigen' }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get('person')).toBe('P-2XN8RT');
    await page.reload();
    expect(await page.getByRole('textbox', { name: 'Pseudonym' }).inputValue()).toBe('P-2XN8RT');
    await button('Filter leeren').click();
    await expect.poll(() => page.url()).not.toContain('person');
  });

  it('makes sticks for a group, shows each code once and prints a letter a person', async () => {
    await open('/sticks');
    await page.getByRole('link', { name: 'Sticks anlegen' }).click();
    await page.getByLabel('Für alle in einer Gruppe').check();
    await page.getByRole('combobox', { name: 'Gruppe' }).fill('Heimarbeit');
    await page.getByRole('option', { name: 'Heimarbeit' }).click();
    await page.getByText('118 Personen gehören dazu.').waitFor();
    await button('Sticks anlegen').click();
    await page.getByRole('heading', { level: 1, name: '3 Sticks sind angelegt' }).waitFor();
    expect(sent('POST', '/sticks')[0]?.body).toEqual({
      people: [],
      group: admin.groups[2]?.id,
      additional: false,
    });
    const codes = admin.createdSticks.sticks.map((made) => made.activation_code);
    expect(await page.locator('.fa-copy code').allTextContents()).toEqual(codes);
    await page.getByText('hat schon einen Stick').waitFor();

    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(3);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.fa-shell').isVisible()).toBe(false);
    expect(await page.locator('.fa-letter__code').allTextContents()).toEqual(codes);
    await picture(page, 'verwaltung-sticks-brief-druck');
    await page.emulateMedia({ media: 'screen' });

    // Whoever leaves the page has seen the codes.
    await page.getByRole('link', { name: 'Zu allen Sticks' }).click();
    await page.getByRole('table').waitFor();
    expect(await page.locator('.fa-letter__code').count()).toBe(0);
  });

  it('downloads one package, and all of them in one file', async () => {
    office
      .on('GET', '/admin/sticks/[^/]+/package', 'ein Stick')
      .on('POST', '/admin/sticks/packages', 'alle Sticks');
    await open(`/sticks/neu?person=${admin.people[3]?.id}`);
    await button('„Anna Bauer“ entfernen').waitFor();
    await button('Sticks anlegen').click();
    const saved = async (name: string) => {
      const download = page.waitForEvent('download');
      await button(name).click();
      return (await download).suggestedFilename();
    };
    expect(await saved('Paket herunterladen: Anna Bauer')).toBe('Stick Anna Bauer.zip');
    expect(await saved('Alle Pakete herunterladen')).toBe('Sticks.zip');
    expect(sent('POST', '/sticks/packages')[0]?.body).toEqual({
      sticks: admin.createdSticks.sticks.map(({ stick }) => stick.id),
    });
    office.on('GET', '/admin/sticks/[^/]+/package', () => problem(503, 'busy'));
    await button('Paket herunterladen: Anna Bauer').click();
    await status('Der Dienst ist gerade ausgelastet oder startet neu.');
  });

  it('says who is missing before it makes sticks', async () => {
    await open('/sticks/neu');
    await button('Sticks anlegen').click();
    await page
      .getByRole('alert')
      .getByRole('link', { name: 'Wählen Sie mindestens eine Person.' })
      .click();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe(
      'combobox',
    );
    expect(sent('POST', '/sticks')).toHaveLength(0);
  });

  it('leads from the alarm of a copied stick to a new code, by keyboard', async () => {
    const [copied] = admin.sticks;
    await open('');
    await page.getByText('Ein kopierter Stick wurde abgewiesen').waitFor();
    await page.getByRole('link', { name: 'Ansehen' }).press('Enter');
    await expect.poll(() => new URL(page.url()).searchParams.get('zustand')).toBe('copied');
    await page.getByRole('link', { name: copied?.person_name ?? '' }).press('Enter');
    await page.getByText('Eine Kopie dieses Sticks wurde abgewiesen').waitFor();
    // A copied stick cannot simply be let go on.
    expect(await button('Stick freigeben').count()).toBe(0);
    await button('Neuer Aktivierungscode').press('Enter');
    expect(await page.getByRole('alertdialog').textContent()).toContain('auch in keiner Kopie');
    await button('Aktivierungscode erzeugen').press('Enter');
    await page.locator('.fa-copy').getByText('Z6JM-9FWT-3XGD-X8NZ').waitFor();
    await button('Notiert').press('Enter');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(await page.getByText('Z6JM-9FWT-3XGD-X8NZ').count()).toBe(0);
  });

  it('reports a stick as lost after saying that there is no way back', async () => {
    const stick = admin.sticks[1];
    const lost = { ...stick, state: 'revoked', revoked_as: 'lost' };
    office.on('POST', `/admin/sticks/${stick?.id}/lost`, lost);
    await open(`/sticks/${stick?.id}`);
    await button('Als verloren melden').click();
    const question = page.getByRole('alertdialog');
    expect(await question.textContent()).toContain('lässt sich nicht rückgängig machen');
    office.on('GET', `/admin/sticks/${stick?.id}`, lost);
    await question.getByRole('button', { name: 'Als verloren melden' }).click();
    await status('Der Stick von Anna Bauer ist als verloren gemeldet und gesperrt.');
    await page.getByText('Verloren gemeldet und für immer gesperrt').waitFor();
    expect(await button('Neuer Aktivierungscode').count()).toBe(0);
  });

  it('records who may set up own targets, where and why', async () => {
    await open('/eigene-ziele');
    await page.getByLabel('Nein').check();
    await page.getByText('2 eigene Ziele lassen sich dann nicht mehr öffnen.').waitFor();
    await button('Entscheidung festhalten').click();
    await page.getByRole('alert').getByText('Schreiben Sie in ein, zwei Sätzen, warum.').waitFor();
    expect(sent('PUT', '/own-targets/decision')).toHaveLength(0);
    await page.getByLabel('Ja, in diesen Netzen').check();
    await page.getByLabel('Netze', { exact: true }).fill('10.20.0.0/16\nüberall');
    await page.getByLabel('Begründung').fill('Die Hälfte der Büros ist geschlossen.');
    await button('Entscheidung festhalten').click();
    await page.getByRole('alert').getByText('„überall“ ist kein Netz.').waitFor();
    await page.getByLabel('Netze', { exact: true }).fill('10.20.0.0/16');
    await button('Entscheidung festhalten').click();
    await status('Die Entscheidung gilt ab jetzt und steht im Prüfprotokoll.');
    expect(sent('PUT', '/own-targets/decision')[0]?.body).toEqual({
      version: '2',
      enabled: true,
      networks: ['10.20.0.0/16'],
      reason: 'Die Hälfte der Büros ist geschlossen.',
    });
  });

  it('sets who may book, and only what is stricter than usual', async () => {
    await open('/besprechungsregeln');
    const duties = page.getByRole('group', { name: 'Wer darf Besprechungen buchen?' });
    await duties.getByLabel('nur bestimmte Gruppen').check();
    await page.getByLabel('Längste Besprechung, in Minuten').fill('9999');
    await button('Regeln speichern').click();
    const alert = page.getByRole('alert');
    await alert.getByText('Eine Zahl zwischen 15 und 1.440.').waitFor();
    await alert.getByText('Wählen Sie mindestens eine Gruppe.').waitFor();
    await page.getByLabel('Längste Besprechung, in Minuten').fill('240');
    await page.locator('#feld-meetings_groups input, input#feld-meetings_groups').fill('Bau');
    await page.getByRole('option', { name: 'Bauamt' }).click();
    await page.keyboard.press('Escape');
    const internal = page.getByRole('group', { name: 'Klasse „intern“' });
    await internal.getByLabel('Gäste ohne Konto zulassen').uncheck();
    await internal.getByLabel('Von Gerät zu Gerät verschlüsseln').check();
    await button('Regeln speichern').click();
    await status('Die Regeln gelten ab jetzt.');
    const [saved] = sent('PUT', '/conference/settings');
    expect(saved?.body).toMatchObject({
      version: '1',
      settings: {
        meetings: { everybody: false, groups: [admin.groups[0]?.id] },
        most_minutes: 240,
        stricter: { internal: { guests: false, encryption: 'end_to_end', dial_in: false } },
      },
    });
    const { stricter = {} } = (saved?.body.settings ?? {}) as { stricter?: object };
    expect(Object.keys(stricter)).toEqual(['internal']);
  });

  it('shows a webhook’s secret once, and tries the webhook', async () => {
    await open('/webhooks/neu');
    await page.getByLabel('Name').fill('Raumverwaltung');
    await page.getByLabel('Adresse').fill('raeume.auenbrueck.intern');
    await button('Webhook anlegen').click();
    await page.getByRole('alert').getByText('Die Adresse beginnt mit https://').waitFor();
    await page.getByLabel('Adresse').fill('http://raeume.auenbrueck.intern/fernamt');
    await button('Webhook anlegen').click();
    await page.getByRole('alert').getByText('Meldungen gehen nur verschlüsselt hinaus').waitFor();
    await page.getByLabel('Adresse').fill('https://raeume.auenbrueck.intern/fernamt');
    await page.getByLabel('Eine Besprechung ist zu Ende').uncheck();
    await button('Webhook anlegen').click();
    const secret = page.getByRole('group', { name: 'Geheimnis des Webhooks' });
    const shown = await secret.locator('code').textContent();
    expect(shown).toMatch(/^\w{40,}$/);
    expect(sent('POST', '/webhooks')[0]?.body).toEqual({
      name: 'Raumverwaltung',
      url: 'https://raeume.auenbrueck.intern/fernamt',
      events: ['meeting.booked', 'meeting.changed', 'meeting.cancelled', 'meeting.opened'],
      enabled: true,
    });
    await button('Notiert, weiter zum Webhook').click();
    await page.getByRole('heading', { level: 2, name: 'Meldungen' }).waitFor();
    expect(await page.getByText(shown ?? '').count()).toBe(0);
    await button('Probe senden').click();
    await status('Die Probe ist unterwegs.');
    expect(sent('POST', `/webhooks/${meetings.webhooks[0]?.id}/trial`)).toHaveLength(1);
    await page.getByText('Die Antwort war 502 statt einer Annahme (2xx).').waitFor();
    const again = button(/^Noch einmal versuchen:/);
    expect(await again.count()).toBe(2);
    await again.last().click();
    await status('Fernamt versucht es gleich noch einmal.');
    const given = meetings.deliveries.at(-1)?.id;
    expect(sent('POST', `/webhook-deliveries/${given}/retry`)).toHaveLength(1);
  });

  it('brings together what two tabs changed of the rules and of a webhook', async () => {
    const settings = meetings.conferenceSettings;
    const changed = { ...settings.settings, most_minutes: 300, lead_minutes: 20 };
    await open('/besprechungsregeln');
    await page.getByLabel('Längste Besprechung, in Minuten').fill('240');
    await page.getByLabel('Besprechungen zugleich').fill('40');
    office.on('GET', '/admin/conference/settings', {
      ...settings,
      version: '5',
      settings: changed,
    });
    office.on('PUT', '/admin/conference/settings', (body: Record<string, unknown>) =>
      body.version === '5' ? { body: { ...settings, ...body } } : problem(409, 'outdated'),
    );
    await button('Regeln speichern').click();
    const notice = page.getByRole('alert');
    await notice.getByText('Eintritt vor Beginn, in Minuten ist jetzt: 20 Minuten').waitFor();
    await notice.getByLabel('Die andere Fassung: 5 Stunden').check();
    await button('Mit meinen Eingaben weiter').click();
    await button('Regeln speichern').click();
    await status('Die Regeln gelten ab jetzt.');
    expect(sent('PUT', '/conference/settings')[1]?.body).toMatchObject({
      version: '5',
      settings: { most_minutes: 300, lead_minutes: 20, most_running: 40 },
    });

    const [webhook] = meetings.webhooks;
    const path = `/webhooks/${webhook?.id}`;
    await open(path);
    await page.getByLabel('Name').fill('Räume');
    const newer = { ...webhook, version: '2', url: 'https://neu.auenbrueck.intern/' };
    office.on('GET', `/admin${path}`, newer);
    office.on('PUT', `/admin${path}`, (body: Record<string, unknown>) =>
      body.version === '2' ? { body: { ...newer, ...body } } : problem(409, 'outdated'),
    );
    await button('Änderungen speichern').click();
    await notice.getByText('Adresse ist jetzt: https://neu.auenbrueck.intern/').waitFor();
    await button('Mit meinen Eingaben weiter').click();
    await button('Änderungen speichern').click();
    await status('Der Webhook ist gespeichert.');
    expect(sent('PUT', path)[1]?.body).toMatchObject({
      version: '2',
      name: 'Räume',
      url: 'https://neu.auenbrueck.intern/',
    });
  });

  it('ends a running meeting for all after naming how many it cuts off', async () => {
    const [meeting] = meetings.running.meetings;
    await open('/besprechungen');
    await button(/^Für alle beenden: „Haushalt 2027/).click();
    const question = page.getByRole('alertdialog');
    await question.getByText('23 Personen werden sofort getrennt.').waitFor();
    office.on('GET', '/admin/conference/running', { ...meetings.running, meetings: [] });
    await question.getByRole('button', { name: 'Für alle beenden' }).click();
    await status('„Haushalt 2027: Ämterrunde“ ist beendet.');
    expect(sent('POST', `/conference/meetings/${meeting?.id}/end`)).toHaveLength(1);
    await page.getByText('Gerade läuft keine Besprechung').waitFor();
  });

  it('shows each role its own parts', async () => {
    admin.furnishAdmin(office, ['data_protection']);
    await open('/protokoll');
    expect(await page.getByRole('navigation', { name: 'Verwaltung' }).count()).toBe(0);
    await open('');
    await page.getByRole('heading', { level: 1, name: 'Prüfprotokoll' }).waitFor();
    await open('/personen');
    await page.getByRole('heading', { level: 1, name: 'Kein Zugang zu diesem Bereich' }).waitFor();
    admin.furnishAdmin(office, ['control_desk']);
    await open('');
    await page.getByRole('heading', { level: 1, name: 'Geräte' }).waitFor();
    expect(
      await page
        .getByRole('navigation', { name: 'Verwaltung' })
        .getByRole('link')
        .allTextContents(),
    ).toEqual([expect.stringContaining('Geräte'), 'Sticks', 'Sitzungen']);
    // The desk looks after sticks; whom they are made for is the administration's business.
    await open('/sticks');
    expect(await page.getByRole('link', { name: 'Sticks anlegen' }).count()).toBe(0);
  });
});
