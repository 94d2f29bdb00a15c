import { i18n, type Messages } from '@lingui/core';

export type Locale = 'de' | 'en';
export type CatalogueName =
  | 'app'
  | 'identity'
  | 'identity/account'
  | 'access'
  | 'help'
  | 'admin'
  | 'conference/join'
  | 'conference/meeting'
  | 'conference/rooms'
  | 'mail/page'
  | 'post';

const STORED = 'fernamt-language';
const loaders = import.meta.glob<{ messages: Messages }>([
  './locales/*.po',
  '../features/*/locales/*.po',
  '../features/identity/account/locales/*.po',
  '../features/conference/*/locales/*.po',
  '../features/mail/*/locales/*.po',
  '../post/locales/*.po',
]);
const wanted = new Set<CatalogueName>(['app']);
let chosen: Locale | null = null;

/** The language in use. */
export function locale(): Locale {
  return i18n.locale === 'en' ? 'en' : 'de';
}

/** For dates and numbers. */
export function formatLocale(): string {
  return locale() === 'en' ? 'en-GB' : 'de-DE';
}

/** Loads a feature's texts; its routes wait for them. */
export async function loadCatalogue(name: CatalogueName): Promise<void> {
  if (wanted.has(name)) return;
  wanted.add(name);
  i18n.load(locale(), await messagesOf(name, locale()));
  i18n.activate(locale());
}

/** Starts in the language that was chosen here, else in the browser's. */
export async function startLanguage(): Promise<void> {
  const stored = localStorage.getItem(STORED);
  chosen = stored === 'de' || stored === 'en' ? stored : null;
  await activate(chosen ?? browserLocale());
}

/** Chooses a language for this browser; `null` follows the browser's own. */
export async function chooseLanguage(next: Locale | null): Promise<void> {
  chosen = next;
  if (next) localStorage.setItem(STORED, next);
  else localStorage.removeItem(STORED);
  await activate(next ?? browserLocale());
}

/** The choice made here, or `null` when the browser's language is followed. */
export function chosenLanguage(): Locale | null {
  return chosen;
}

async function activate(next: Locale): Promise<void> {
  const parts = await Promise.all([...wanted].map((name) => messagesOf(name, next)));
  i18n.load(next, Object.assign({}, ...parts));
  document.documentElement.lang = next;
  i18n.activate(next);
}

function browserLocale(): Locale {
  const first = navigator.languages.find((tag) => /^(de|en)\b/i.test(tag)) ?? 'de';
  return first.toLowerCase().startsWith('en') ? 'en' : 'de';
}

async function messagesOf(name: CatalogueName, next: Locale): Promise<Messages> {
  const loader = loaders[`${folderOf(name)}/locales/${next}.po`];
  return loader ? (await loader()).messages : {};
}

function folderOf(name: CatalogueName): string {
  if (name === 'app') return '.';
  return name === 'post' ? '../post' : `../features/${name}`;
}
