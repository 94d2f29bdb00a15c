/** What a notice says, whatever came: neither of whom nor of what. */
const WORDS = { de: 'Neue Nachricht', en: 'New message' } as const;
/** The open page tells under the same name: one takes the other's place. */
const TAG = 'fernamt-post';

type Language = keyof typeof WORDS;
type Shows = { showNotification(title: string, options: NotificationOptions): Promise<void> };
type PageClient = { focused: boolean; focus(): Promise<unknown> };
type Pages = {
  matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<PageClient[]>;
  openWindow(path: string): Promise<unknown>;
};

/**
 * Tells that new mail came. Always, also where nobody can make sense of what came: browsers take the permission away from
 * pages that are woken and show nothing.
 */
export function tellOfMail(shows: Shows, said: () => unknown, languages: readonly string[]) {
  const lang = languageIn(said) ?? languageOf(languages);
  const options = { tag: TAG, lang, renotify: true };
  return shows.showNotification(WORDS[lang], options);
}

/** Leads to the page: to the one that is open, or to a new one. */
export async function showPost(pages: Pages): Promise<void> {
  const open = await pages.matchAll({ type: 'window', includeUncontrolled: true });
  const page = open.find(({ focused }) => focused) ?? open[0];
  // Some browsers show a page only from a notice of its own.
  const isShown = await page?.focus().then(
    () => true,
    () => false,
  );
  if (!isShown) await pages.openWindow('/');
}

function languageIn(said: () => unknown): Language | null {
  try {
    const { language } = said() as { language?: unknown };
    return language === 'de' || language === 'en' ? language : null;
  } catch {
    return null;
  }
}

/** As the page chooses it where nobody did. */
function languageOf(languages: readonly string[]): Language {
  const first = languages.find((tag) => /^(de|en)\b/i.test(tag)) ?? 'de';
  return first.toLowerCase().startsWith('en') ? 'en' : 'de';
}
