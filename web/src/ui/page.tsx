import { createLink, Link } from '@tanstack/react-router';
import { type AnchorHTMLAttributes, type ReactNode, type Ref, useEffect, useRef } from 'react';
import { Icon } from './icon.tsx';
import * as icons from './icons/index.ts';

type PageProps = {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** The page above this one. */
  back?: { to: string; label: string };
  /** For forms and reading; lists take the full width. */
  narrow?: boolean;
  children: ReactNode;
};

/** A page of the app: the one `h1` (which takes the focus after a change of page), then its content. */
export function Page({ title, lead, actions, back, narrow = false, children }: PageProps) {
  return (
    <div className={`fa-page ${narrow ? 'fa-page--narrow' : ''}`}>
      <PageHeader title={title} lead={lead} actions={actions} {...(back && { back })} />
      {children}
    </div>
  );
}

type PageHeaderProps = Omit<PageProps, 'children' | 'narrow'>;

/** The head of a page: title, a line of explanation, what can be done here. */
export function PageHeader({ title, lead, actions, back }: PageHeaderProps) {
  return (
    <header className="fa-page-header">
      <title>{`${title} – Fernamt`}</title>
      <div className="fa-page-header__text">
        {back && (
          <Link to={back.to} className="fa-page-header__back">
            <Icon of={icons.iconArrowBack} size="small" />
            {back.label}
          </Link>
        )}
        <h1 tabIndex={-1}>{title}</h1>
        {lead && <p className="fa-page-header__lead">{lead}</p>}
      </div>
      {actions && <div className="fa-row">{actions}</div>}
    </header>
  );
}

type CardProps = {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  level?: 2 | 3;
  /** A sentence under the title. */
  lead?: ReactNode;
  id?: string;
};

/** A panel with a heading. */
export function Card({ title, actions, children, level = 2, lead, id }: CardProps) {
  const Heading = level === 2 ? 'h2' : 'h3';
  return (
    <section className="fa-card kern-level-2" id={id}>
      {(title || actions) && (
        <div className="fa-card__head">
          <div className="fa-card__text">
            {title && <Heading>{title}</Heading>}
            {lead && <p className="fa-muted">{lead}</p>}
          </div>
          {actions && <div className="fa-row">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

/** Terms and their values. */
export function Facts({ items }: { items: readonly (readonly [ReactNode, ReactNode])[] }) {
  return (
    <dl className="fa-facts">
      {items.map(([term, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is fixed while it is shown
        <div key={index} style={{ display: 'contents' }}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

type TabAnchorProps = AnchorHTMLAttributes<HTMLAnchorElement> & {
  children?: ReactNode;
  ref?: Ref<HTMLAnchorElement>;
};

function TabAnchor({ ref, ...rest }: TabAnchorProps) {
  const item = useRef<HTMLLIElement>(null);
  const active = rest['aria-current'] === 'page';
  useEffect(() => {
    // On a phone the tabs scroll sideways: the one in use must not be cut off.
    if (active) item.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [active]);
  return (
    <li ref={item}>
      <a {...rest} ref={ref} />
    </li>
  );
}

/** One entry of `Tabs`: a page with an address of its own. */
export const TabLink = createLink(TabAnchor);

/** Pages that belong together, side by side. Each is a link, so that it can be opened and kept. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav className="fa-tabs" aria-label={label}>
      <ul>{children}</ul>
    </nav>
  );
}
