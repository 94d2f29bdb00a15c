import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { flushSync } from 'react-dom';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Schema } from '../../../api/client.ts';
import { Programs } from './programs.tsx';

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

const place = document.body.appendChild(document.createElement('div'));
const program: Schema<'MyProgram'> = {
  id: '0199a000-0000-7000-8000-0000000000d7',
  name: 'Thunderbird',
  state: 'pending',
  over: false,
  created_at: '2026-11-20T08:00:00Z',
  expires_at: '2027-02-18T08:00:00Z',
  last_seen_on: null,
  fingerprint: '3f:90:aa:12',
};
let root: Root;
let stored: Schema<'MyPrograms'>;
let asked: { method: string; path: string; body: unknown }[];

async function office(request: Request): Promise<Response> {
  const { pathname: path } = new URL(request.url);
  const { method } = request;
  const text = await request.text();
  asked.push({ method, path, body: text ? JSON.parse(text) : null });
  if (method === 'POST') {
    stored = { ...stored, programs: [program] };
    return Response.json({ program, token: 'fernamt_abc' }, { status: 201 });
  }
  if (method === 'DELETE') {
    stored = { ...stored, programs: [] };
    return new Response(null, { status: 204 });
  }
  return Response.json(path.endsWith('/programs') ? stored : []);
}

async function show(view: Partial<Schema<'MyPrograms'>>) {
  stored = {
    allowed: true,
    may_make: true,
    max_days: 90,
    server: 'https://post.amt.example',
    programs: [],
    ...view,
  };
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  flushSync(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <QueryClientProvider client={client}>
          <Programs />
        </QueryClientProvider>
      </I18nProvider>,
    ),
  );
  await vi.waitFor(() => expect(asked).not.toEqual([]));
  await vi.waitFor(() => expect(client.isFetching()).toBe(0));
}

const page = () => document.body.textContent ?? '';
const sees = (text: string) => vi.waitFor(() => expect(page()).toContain(text));

function button(name: string): HTMLButtonElement {
  const all = [...document.querySelectorAll('button')];
  const found = all.findLast(
    (one) => one.textContent === name || one.getAttribute('aria-label') === name,
  );
  if (!found) throw new Error(`There is no button ${name}: ${all.map((one) => one.textContent)}`);
  return found;
}

const press = (name: string) => flushSync(() => button(name).click());

function type(name: string, text: string) {
  const input = document.querySelector(`input[name=${name}]`);
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text);
  flushSync(() => input?.dispatchEvent(new Event('input', { bubbles: true })));
}

beforeEach(() => {
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  asked = [];
  root = createRoot(place);
  vi.stubGlobal('fetch', office);
  vi.stubGlobal('CSS', { escape: String });
});

afterEach(() => {
  flushSync(() => root.unmount());
  vi.unstubAllGlobals();
});

it('is not there where programs are not allowed', async () => {
  await show({ allowed: false });
  expect(place.textContent).toBe('');
});

it('makes a token, shows it once, and where to use it', async () => {
  await show({});
  await sees('Sie haben noch kein Programm.');
  press('Programm hinzufügen');
  press('Schlüssel erzeugen');
  await sees('Geben Sie dem Programm einen Namen.');
  type('name', ' Thunderbird ');
  type('days', '91');
  press('Schlüssel erzeugen');
  await sees('Eine Zahl zwischen 1 und 90.');
  type('days', '30');
  press('Schlüssel erzeugen');
  await sees('fernamt_abc');
  expect(page()).toContain('https://post.amt.example');
  const made = asked.filter(({ method }) => method === 'POST').map(({ body }) => body);
  expect(made).toEqual([{ name: 'Thunderbird', days: 30 }]);
  press('Ich habe ihn eingetragen');
  await vi.waitFor(() => expect(page()).not.toContain('fernamt_abc'));
  await sees('wartet auf Freigabe');
});

it('takes the access away', async () => {
  await show({ programs: [program] });
  await sees('Thunderbird');
  press('Zugang entziehen: Thunderbird');
  await sees('Das lässt sich nicht rückgängig machen');
  press('Zugang entziehen');
  await sees('Sie haben noch kein Programm.');
  const deleted = asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
  expect(deleted).toEqual([`/api/v1/me/devices/${program.id}`]);
});

it('asks for a fresh sign-in, and says what is over', async () => {
  await show({ may_make: false, programs: [{ ...program, over: true }] });
  await sees('abgelaufen oder beendet');
  press('Programm hinzufügen');
  await sees('Zuerst neu anmelden');
  expect(document.querySelector('input')).toBeNull();
});

it('says that programs are switched off to who has some', async () => {
  await show({ allowed: false, programs: [program] });
  await sees('Programme sind zurzeit nicht erlaubt');
  expect(page()).not.toContain('Programm hinzufügen');
});
