/** Stands on what takes the focus in the place of something within it that is gone, as dialogs do by themselves. */
const HOME = '[data-focus-home], [role=dialog], [role=alertdialog]';
/** Where a dialog lets the focus go when it lost it: its cross is its first button, and no place to go on from. */
const ASTRAY = '.fa-dialog__head button';
/** Lies over the page, and gives the focus back to what opened it. */
const OVERLAY = '[role=dialog], [role=alertdialog], [role=menu], [role=listbox]';

type Held = { element: Element; homes: HTMLElement[]; opener: Held | undefined };

/**
 * Gives the focus a place where it had none: a button that goes away with its row, or that is switched off by its own
 * press, takes the focus with it, and keys and readers would begin anew at the top of the document. Returns the end.
 */
export function keepFocus(): () => void {
  const over = new AbortController();
  const openers = new WeakMap<Element, Held>();
  let last: Held | undefined;
  let settled: Held | undefined;

  const onFocus = ({ target }: FocusEvent) => {
    look();
    if (!(target instanceof Element)) return;
    const overlay = target.closest(OVERLAY);
    if (overlay && last && !overlay.contains(last.element) && !openers.has(overlay)) {
      const opener = alive(last);
      if (opener) openers.set(overlay, opener);
    }
    const opener = overlay ? openers.get(overlay) : undefined;
    last = { element: target, homes: homesOf(target), opener };
  };
  const look = () => {
    if (!last || last === settled || isThere(last.element)) return;
    const lost = last;
    settled = last;
    // Others first: a dialog gives the focus back in the frame after it is gone, and a page looks after its own.
    requestAnimationFrame(() => requestAnimationFrame(() => settle(lost)));
  };
  document.addEventListener('focusin', onFocus, { signal: over.signal });
  const watch = new MutationObserver(look);
  watch.observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['disabled'],
  });
  return () => {
    over.abort();
    watch.disconnect();
  };
}

function settle(lost: Held): void {
  const at = document.activeElement;
  // Some browsers leave it on what is switched off.
  const isLost = at === null || at === document.body || at === lost.element;
  if (!isLost && !at.matches(ASTRAY)) return;
  const home = homeOf(lost);
  if (home && home.tabIndex < 0 && !home.hasAttribute('tabindex')) {
    home.tabIndex = -1;
    home.addEventListener('blur', () => home.removeAttribute('tabindex'), { once: true });
  }
  home?.focus({ preventScroll: true });
}

/** The nearest that is still there: around it, what opened the dialog that it was in, around that, or else the page. */
function homeOf(lost: Held): HTMLElement | null {
  for (let held: Held | undefined = lost; held; held = held.opener) {
    const home = held.homes.find((one) => one.isConnected);
    if (home) return home;
    const opener = held.opener?.element;
    if (opener instanceof HTMLElement && isThere(opener)) return opener;
  }
  return document.querySelector<HTMLElement>('main h1[tabindex]');
}

/** The nearest of those that one can come back to: dialogs that follow each other make no chain of what is gone. */
function alive(held: Held | undefined): Held | undefined {
  if (!held || isThere(held.element) || held.homes.some((one) => one.isConnected)) return held;
  return alive(held.opener);
}

function homesOf(element: Element): HTMLElement[] {
  const homes: HTMLElement[] = [];
  for (let at = element.parentElement; at; at = at.parentElement) {
    if (at.matches(HOME)) homes.push(at);
  }
  return homes;
}

const isThere = (element: Element) => element.isConnected && !element.matches(':disabled');
