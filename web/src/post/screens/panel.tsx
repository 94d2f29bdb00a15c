import { Trans } from '@lingui/react/macro';
import { type ReactNode, useEffect, useRef } from 'react';
import { LanguageButton, ThemeButton } from '../../app/look-buttons.tsx';
import mark from '../../ui/brand/mark.svg';
import { mainOrigin } from '../places.ts';

type PanelProps = {
  title: string;
  office?: string | undefined;
  children: ReactNode;
};

/** The page before unlocking: the house's name, one panel, the way back to the main site. */
export function Panel({ title, office, children }: PanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  // A reader hears where it landed, unless a field has taken the focus.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className="fa-front">
      <title>{`${title} – Fernamt`}</title>
      <header className="fa-front__bar fa-noprint">
        <Mark office={office} />
        <div className="fa-row">
          <LanguageButton />
          <ThemeButton />
        </div>
      </header>
      <main id="inhalt" tabIndex={-1} className="fa-front__main">
        <div className="fa-front__panel kern-level-2">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {children}
        </div>
      </main>
      <footer className="fa-front__foot fa-noprint">
        <a href={mainOrigin()}>
          <Trans>Zur Startseite von Fernamt</Trans>
        </a>
      </footer>
    </div>
  );
}

/** The product's mark and whose office this is. */
export function Mark({ office }: { office: string | undefined }) {
  return (
    <div className="fa-brand">
      <img src={mark} alt="" width="36" height="36" />
      <span className="fa-grow">
        <span className="fa-brand__name">
          <Trans>Post</Trans>
        </span>
        <span className="fa-brand__tenant">{office ?? 'Fernamt'}</span>
      </span>
    </div>
  );
}
