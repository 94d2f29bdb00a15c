import type { Locator, Page } from 'playwright-core';

/** More stops than any of our pages has. */
const MAX_STOPS = 80;

/** Walks to something with the Tab key alone, and sees on the way that nobody loses sight of the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let stop = 0; stop < MAX_STOPS; stop += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
    const unseen = await page.evaluate(hiddenFocus);
    if (unseen) throw new Error(`the focus cannot be seen on ${unseen}`);
  }
  throw new Error(`the Tab key does not lead to ${target}`);
}

/** Walks to something and presses Enter on it. */
export async function enterOn(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

/** The focused element, if nothing on the page shows that it has the focus. */
function hiddenFocus(): string | null {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const marked = (element: Element, pseudo?: string) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element, pseudo);
    const outlined = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
    const forced = matchMedia('(forced-colors: active)').matches;
    // Shadows are not painted in the colours of the reader's own choice.
    return outlined || (!forced && boxShadow !== 'none');
  };
  const { parentElement: around, nextElementSibling: beside } = focused;
  for (const element of [focused, around, around?.parentElement, beside]) {
    if (element && (marked(element) || marked(element, '::after'))) return null;
  }
  return focused.outerHTML.slice(0, 200);
}
