/**
 * After a deed that may take away what was pressed, such as the row of a table: once that is gone and the question about
 * it is closed, the focus comes to the dialog or page around it. Keys and readers would else begin at the top of the
 * document. Returns what ends the watch; it ends by itself when the focus goes on.
 */
export function focusAfter(pressed: Element | null): () => void {
  const over = new AbortController();
  const { signal } = over;
  if (!pressed) return () => undefined;
  const around = pressed.closest<HTMLElement>('[role=dialog]');
  const look = () => {
    if (pressed.isConnected || document.querySelector('[role=alertdialog]')) return;
    over.abort();
    // The dialog tries first to give the focus back, in the frame after it is gone.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const { activeElement: at, body } = document;
        // Back in a dialog, the first thing that takes it is the cross: no place to go on from.
        if (around?.isConnected && (at === body || around.contains(at))) around.focus();
        else if (at === body) document.querySelector<HTMLElement>('main h1')?.focus();
      }),
    );
  };
  const watch = new MutationObserver(look);
  signal.addEventListener('abort', () => watch.disconnect());
  document.addEventListener(
    'focusin',
    ({ target }) => {
      if (target !== pressed) over.abort();
    },
    { signal },
  );
  watch.observe(document.body, { childList: true, subtree: true });
  look();
  return () => over.abort();
}
