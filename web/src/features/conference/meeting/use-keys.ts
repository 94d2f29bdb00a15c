import { useEffect, useRef } from 'react';

export type KeyName = 'm' | 'k' | 'b' | 'h' | 'c' | 'p' | 'a' | 'f' | '?';

type Options = {
  /** Single keys can be switched off: some people's devices type them by themselves. */
  enabled: boolean;
  onKey: (key: KeyName) => void;
  /** Whether the space bar is for speaking. */
  talk: boolean;
  /** The space bar is held, or let go. */
  onTalk: (talking: boolean) => void;
};

const KEYS = new Set<string>(['m', 'k', 'b', 'h', 'c', 'p', 'a', 'f', '?']);

/** Single keys for what one does often. They rest while somebody types or a dialog is open. */
export function useKeys(options: Options): void {
  const latest = useRef(options);
  latest.current = options;
  useEffect(() => {
    let talking = false;
    const talk = (on: boolean) => {
      if (talking === on) return;
      talking = on;
      latest.current.onTalk(on);
    };
    const down = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (busy(event.target)) return;
      if (event.code === 'Space') {
        if (!latest.current.talk || pressable(event.target)) return;
        event.preventDefault();
        if (!event.repeat) talk(true);
        return;
      }
      const key = event.key.toLowerCase();
      if (!latest.current.enabled || event.repeat || !KEYS.has(key)) return;
      event.preventDefault();
      latest.current.onKey(key as KeyName);
    };
    const up = (event: KeyboardEvent) => {
      if (event.code === 'Space') talk(false);
    };
    const away = () => talk(false);
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    window.addEventListener('blur', away);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', away);
    };
  }, []);
}

/** Whether keys belong to what has the focus: a field, a menu, a dialog. */
function busy(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      'input, textarea, select, [contenteditable], [role=menu], [role=listbox], [role=dialog], [role=alertdialog]',
    ) !== null
  );
}

/** Whether the space bar presses what has the focus. */
function pressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('button, a, summary, [role=button]') !== null;
}
