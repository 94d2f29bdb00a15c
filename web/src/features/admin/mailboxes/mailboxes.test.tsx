import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from '@tanstack/react-router';
import { flushSync } from 'react-dom';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepFocus } from '../../../ui/kept-focus.ts';
import { MailboxesPage } from './page.tsx';
import { PersonMailbox } from './person-mailbox.tsx';
import type { Delegate, Mailbox, Right } from './queries.ts';

vi.hoisted(() => {
  // The browser's takes an address without its host; the one of Node does not, and the client keeps what it finds here.
  const Whole = globalThis.Request;
  globalThis.Request = class extends Whole {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      const { signal: _, ...rest } = init ?? {};
      super(typeof input === 'string' ? new URL(input, 'http://localhost') : input, rest);
    }
  };
});

/** The first page to render pays for much code. */
const PATIENCE = { timeout: 20_000 };
vi.setConfig({ testTimeout: 30_000 });

type Asked = { method: string; path: string; body: unknown };

const place = document.body.appendChild(document.createElement('main'));
const people = ['Anna Bauer', 'Karl Weber'].map((display_name, index) => ({
  id: `p${index}`,
  name: display_name.toLowerCase().replace(' ', '.'),
  display_name,
}));
let root: Root;
let asked: Asked[];
let mailboxes: Mailbox[];
let refusal: Response | undefined;
let endOfKeeping = () => {};

const delegate = (display_name: string, rights: Right[] = ['read']): Delegate => ({
  person: { id: `d-${display_name}`, name: display_name.toLowerCase(), display_name },
  rights,
  granted_at: '2026-11-02T09:00:00Z',
});
const office = (delegates: Delegate[] = []): Mailbox => ({
  id: 'm1',
  name: 'Bürgerbüro',
  address: 'buergerbuero@amt.example',
  created_at: '2026-11-02T09:00:00Z',
  delegates,
});

async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const path = pathname.replace('/api/v1/admin/', '');
  const { method } = request;
  const text = await request.text();
  if (method !== 'GET') {
    const body = text ? JSON.parse(text) : null;
    asked.push({ method, path, body });
    if (refusal) return refusal;
    if (method === 'POST') {
      mailboxes = [
        ...mailboxes,
        { ...office(), ...body, id: 'm2', address: `${body.local_part}@x` },
      ];
      return Response.json(mailboxes.at(-1), { status: 201 });
    }
    if (method === 'DELETE' && path.includes('/delegates/')) {
      mailboxes = mailboxes.map((one) => ({ ...one, delegates: [] }));
    } else if (method === 'DELETE') mailboxes = [];
    return method === 'DELETE' ? new Response(null, { status: 204 }) : Response.json({});
  }
  if (path === 'people') return Response.json({ items: people, total: people.length });
  if (path.endsWith('/mailbox/delegates')) return Response.json({ items: mailboxes[0]?.delegates });
  const words = searchParams.get('q') ?? '';
  const items = mailboxes.filter(({ address }) => address.includes(words));
  return Response.json({ items, total: items.length });
}

async function show(page: () => React.ReactNode) {
  // Lists keep what is searched in the address of the administration.
  const top = createRootRoute();
  const signedIn = createRoute({ getParentRoute: () => top, id: 'angemeldet' });
  const house = createRoute({ getParentRoute: () => signedIn, id: 'haus' });
  const admin = createRoute({ getParentRoute: () => house, path: 'verwaltung' });
  const layout = createRoute({ getParentRoute: () => admin, id: 'rubriken' });
  const here = createRoute({ getParentRoute: () => layout, path: '/', component: page });
  const inner = admin.addChildren([layout.addChildren([here])]);
  const router = createRouter({
    routeTree: top.addChildren([signedIn.addChildren([house.addChildren([inner])])]),
    history: createMemoryHistory({ initialEntries: ['/verwaltung'] }),
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  flushSync(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <QueryClientProvider client={client}>
          <RouterProvider router={router as never} />
        </QueryClientProvider>
      </I18nProvider>,
    ),
  );
}

const until = (holds: () => void) => vi.waitFor(holds, PATIENCE);
const sees = (text: string) => until(() => expect(document.body.textContent).toContain(text));
const sent = (method: string) => asked.filter((one) => one.method === method);
const named = (name: string) =>
  [...document.querySelectorAll<HTMLElement>('button, label')].findLast(
    (one) => (one.getAttribute('aria-label') ?? one.textContent)?.trim() === name,
  );

async function press(name: string) {
  const one = await vi.waitFor(() => {
    const found = named(name);
    if (!found) throw new Error(`there is no ${name}: ${document.body.textContent}`);
    return found;
  }, PATIENCE);
  one.focus();
  flushSync(() => one.click());
}

async function type(name: string, text: string) {
  const input = await vi.waitFor(() => {
    const found = document.querySelector<HTMLInputElement>(name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  }, PATIENCE);
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text);
  flushSync(() => input.dispatchEvent(new Event('input', { bubbles: true })));
}

beforeEach(() => {
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  asked = [];
  mailboxes = [office()];
  refusal = undefined;
  root = createRoot(place);
  vi.stubGlobal('fetch', answer);
  vi.stubGlobal('CSS', { escape: String });
});

afterEach(() => {
  flushSync(() => root.unmount());
  endOfKeeping();
  vi.unstubAllGlobals();
});

it('makes a mailbox whose address follows its name, and goes on to who may work in it', async () => {
  await show(MailboxesPage);
  await press('Funktionspostfach anlegen');
  await press('Postfach anlegen');
  await sees('Geben Sie dem Postfach einen Namen.');
  await type('input[name=mailbox-name]', ' Straßenamt ');
  const address = document.querySelector<HTMLInputElement>('input[name=mailbox-address]');
  expect(address?.value).toBe('strassenamt');
  await type('input[name=mailbox-address]', 'Straße');
  await type('input[name=mailbox-name]', 'Straßenbauamt');
  expect(address?.value).toBe('Straße');
  await press('Postfach anlegen');
  await sees('Die Adresse besteht aus kleinen Buchstaben');
  expect(sent('POST')).toEqual([]);
  await type('input[name=mailbox-address]', ' Strassen ');
  await press('Postfach anlegen');
  await sees('Zugang zu „Straßenbauamt“');
  await sees('Niemand hat Zugang.');
  expect(sent('POST').map(({ body }) => body)).toEqual([
    { name: 'Straßenbauamt', local_part: 'strassen' },
  ]);
});

it('says beside the field that an address is taken', async () => {
  const fields = [{ path: 'local_part', code: 'taken', detail: '' }];
  refusal = Response.json({ code: 'invalid', detail: '', fields }, { status: 422 });
  await show(MailboxesPage);
  await press('Funktionspostfach anlegen');
  await type('input[name=mailbox-name]', 'Post');
  await press('Postfach anlegen');
  await sees('Das gibt es schon.');
  const field = document.querySelector('input[name=mailbox-address]');
  expect(field?.getAttribute('aria-invalid')).toBe('true');
});

it('gives a mailbox another name and leaves its address', async () => {
  await show(MailboxesPage);
  await press('Bürgerbüro umbenennen');
  expect(document.querySelector('input[name=mailbox-address]')).toBeNull();
  await type('input[name=mailbox-name]', 'Bürgerdienste');
  await press('Umbenennen');
  await until(() => expect(document.querySelector('[role=dialog]')).toBeNull());
  expect(sent('PATCH')).toEqual([
    { method: 'PATCH', path: 'mailboxes/m1', body: { name: 'Bürgerdienste' } },
  ]);
});

it('deletes a mailbox only for who typed its address, and does not lose the focus', async () => {
  mailboxes = [office([delegate('Anna'), delegate('Karl')])];
  endOfKeeping = keepFocus();
  await show(MailboxesPage);
  await press('Bürgerbüro löschen');
  await sees('2 Personen verlieren ihren Zugang');
  await sees('Nehmen Sie das dort zurück, bevor buergerbuero@amt.example neu vergeben wird.');
  const deed = () => named('Mit allen Nachrichten löschen') as HTMLButtonElement;
  expect(deed().disabled).toBe(true);
  await type('input[name=question-word]', 'buergerbuero');
  expect(deed().disabled).toBe(true);
  document
    .querySelector('[role=alertdialog] form')
    ?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  expect(sent('DELETE')).toEqual([]);
  await type('input[name=question-word]', ' buergerbuero@amt.example ');
  expect(deed().disabled).toBe(false);
  await press('Mit allen Nachrichten löschen');
  await sees('Noch kein Funktionspostfach');
  expect(sent('DELETE').map(({ path }) => path)).toEqual(['mailboxes/m1']);
  await vi.waitFor(() => expect(document.activeElement?.textContent).toBe('Funktionspostfächer'));
});

it('asks for the address anew at the next question', async () => {
  await show(MailboxesPage);
  await press('Bürgerbüro löschen');
  await type('input[name=question-word]', 'buergerbuero@amt.example');
  await press('Abbrechen');
  await press('Bürgerbüro löschen');
  await until(() => expect(document.querySelector('[role=alertdialog]')).not.toBeNull());
  expect(document.querySelector<HTMLInputElement>('input[name=question-word]')?.value).toBe('');
});

it('names three of many in the table, and shows 200 in steps', async () => {
  const many = Array.from({ length: 200 }, (_, index) => delegate(`Person ${index + 1}`));
  mailboxes = [office(many)];
  await show(MailboxesPage);
  await sees('Person 1, Person 2, Person 3 und 197 weitere');
  await press('Zugang zu Bürgerbüro');
  await sees('200 Personen haben Zugang.');
  const rows = () => document.querySelectorAll('.fa-delegates > li').length;
  expect(rows()).toBe(20);
  await type('[role=dialog] input[type=search]', 'person 199');
  expect(rows()).toBe(1);
  await type('[role=dialog] input[type=search]', 'gibt es nicht');
  await sees('Niemand mit Zugang heißt so.');
  await type('[role=dialog] input[type=search]', '');
  await press('Alle 200 zeigen');
  expect(rows()).toBe(200);
});

it('tells mailboxes of one name apart by their addresses, and folds a long one', async () => {
  const name = 'Bürgerbüro '.repeat(9).trim();
  mailboxes = [
    office(),
    { ...office(), id: 'm2', address: 'nord@amt.example' },
    { ...office(), id: 'm3', name, address: 'lang@amt.example' },
  ];
  await show(MailboxesPage);
  await press('Zugang zu Bürgerbüro (nord@amt.example)');
  await sees('Zugang zu „Bürgerbüro“');
  const dialog = document.querySelector('[role=dialog]');
  expect(dialog?.textContent).toContain('nord@amt.example');
  expect(named('Bürgerbüro (buergerbuero@amt.example) umbenennen')).toBeDefined();
  expect(named(`${name} löschen`)).toBeDefined();
  const long = [...document.querySelectorAll<HTMLElement>('.fa-name__long')].at(-1);
  expect(long?.title).toBe(name);
  expect(long?.textContent).toBe(name);
});

it('changes rights, of which reading is always one', async () => {
  mailboxes = [office([delegate('Anna', ['read', 'write'])])];
  await show(MailboxesPage);
  await press('Zugang zu Bürgerbüro');
  await press('Rechte von Anna ändern');
  await press('Bearbeiten');
  await press('Verwalten');
  await press('Rechte speichern');
  await until(() =>
    expect(sent('PUT')).toEqual([
      {
        method: 'PUT',
        path: 'mailboxes/m1/delegates/d-Anna',
        body: { rights: ['read', 'manage'] },
      },
    ]),
  );
});

it('takes access away in the mailbox of a person', async () => {
  mailboxes = [office([delegate('Anna')])];
  const person = { id: 'p9', display_name: 'Karl Weber' } as never;
  await show(() => <PersonMailbox person={person} />);
  await press('Anna den Zugang nehmen');
  await sees('Anna den Zugang zu „Postfach von Karl Weber“ nehmen?');
  await press('Zugang nehmen');
  await sees('Niemand hat Zugang.');
  expect(sent('DELETE').map(({ path }) => path)).toEqual(['people/p9/mailbox/delegates/d-Anna']);
});

it('says so when the mailbox is gone while its access is looked at', async () => {
  await show(MailboxesPage);
  await sees('Bürgerbüro');
  mailboxes = [];
  await press('Zugang zu Bürgerbüro');
  await sees('Dieses Postfach gibt es nicht mehr');
});
