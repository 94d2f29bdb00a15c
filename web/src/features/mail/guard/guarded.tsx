import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { Icon, icons } from '../../../ui/icon.tsx';
import { fullDate } from '../page/words.ts';
import { hinder, watchLeaving } from './hinder.ts';
import { type Rules, RulesContext } from './rules.ts';
import './guard.css';

const MINUTE_MS = 60_000;

type GuardedProps = {
  rules: Rules;
  /** Whose name lies over what is shown, where the rules say so. */
  person: string;
  children: ReactNode;
};

/** The mail under the rules of its container. */
export function Guarded({ rules, person, children }: GuardedProps) {
  const { t } = useLingui();
  const sentence = t`Aus der Post von Fernamt lässt sich nichts herauskopieren.`;
  useEffect(() => hinder(document, rules, sentence), [rules, sentence]);
  return (
    <RulesContext value={rules}>
      {children}
      {rules.watermark && createPortal(<Watermark person={person} />, document.body)}
      {rules.blur && createPortal(<Cover />, document.body)}
    </RulesContext>
  );
}

/** Name and time over everything, pale: a photograph of the screen tells whose it was. */
function Watermark({ person }: { person: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div
      className="fa-guard__mark"
      aria-hidden="true"
      style={{ backgroundImage: `url("${picture(person, fullDate(now))}")` }}
    />
  );
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`);

function picture(person: string, time: string): string {
  const line = (y: number, text: string) =>
    `<text x="190" y="${y}" text-anchor="middle" font-family="sans-serif" font-size="17" fill="#777">${escaped(text)}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="380" height="260"><g transform="rotate(-24 190 130)" opacity=".22">${line(122, person)}${line(146, time)}</g></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** Lies over everything while the person is in another window. */
function Cover() {
  const [isAway, setAway] = useState(false);
  useEffect(() => watchLeaving(window, setAway), []);
  if (!isAway) return null;
  return (
    <div className="fa-guard__cover">
      <Icon of={icons.iconVisibilityOff} />
      <p>
        <Trans>Verdeckt, bis Sie hierher zurückkommen.</Trans>
      </p>
    </div>
  );
}
