/** What is looked for in a page: by what it is and is called, or by its text. */
export type Find =
  | { button: string | { starts: string } }
  | { link: string }
  | { field: string }
  | { text: string }
  | { css: string; text?: string };

/** Runs in the page: how many there are, and where the first lies that the pointer reaches. */
export function lookFor(what: Find): { count: number; at: { x: number; y: number } | null } {
  const plain = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim();
  const nameOf = (element: Element) => {
    const { labels } = element as HTMLInputElement;
    const named = element.getAttribute('aria-labelledby')?.split(' ') ?? [];
    const by = named.map((id) => document.getElementById(id)?.textContent).join(' ');
    const of = [...(labels ?? [])].map((label) => label.textContent).join(' ');
    return plain(element.getAttribute('aria-label') || by || of || element.textContent);
  };
  const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
  const found = () => {
    if ('button' in what) {
      const { button } = what;
      const buttons = all('button, [role=button], [role=menuitem]');
      if (typeof button === 'string') return buttons.filter((one) => nameOf(one) === button);
      return buttons.filter((one) => nameOf(one).startsWith(button.starts));
    }
    if ('link' in what) return all('a[href]').filter((one) => nameOf(one) === what.link);
    if ('field' in what) {
      return all('input, textarea').filter((one) => nameOf(one) === what.field);
    }
    if ('css' in what) {
      return all(what.css).filter((one) => plain(one.textContent).includes(what.text ?? ''));
    }
    // The innermost that hold it.
    const holds = (one: Element) => plain(one.textContent).includes(what.text);
    return all('body *').filter((one) => holds(one) && ![...one.children].some(holds));
  };
  const shown = found().filter((one) => one.getClientRects().length > 0);
  // Of several, some may be for screen readers alone.
  for (const one of shown) {
    one.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const box = one.getBoundingClientRect();
    const at = { x: Math.floor(box.x + box.width / 2), y: Math.floor(box.y + box.height / 2) };
    const hit = document.elementFromPoint(at.x, at.y);
    if (hit !== null && (one.contains(hit) || hit.contains(one)))
      return { count: shown.length, at };
  }
  return { count: shown.length, at: null };
}
