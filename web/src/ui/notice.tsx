import { Trans } from '@lingui/react/macro';
import type { ReactNode, Ref } from 'react';
import { Icon } from './icon.tsx';
import * as icons from './icons/index.ts';

export type Tone = 'info' | 'success' | 'warning' | 'danger' | 'neutral';

const toneIcons: Record<Tone, string> = {
  info: icons.iconInfo,
  success: icons.iconCheckCircle,
  warning: icons.iconWarning,
  danger: icons.iconError,
  neutral: icons.iconInfo,
};

type AlertProps = {
  tone: Tone;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** Reads the notice out when it appears. Leave it off for what stands on the page from the start. */
  live?: 'polite' | 'assertive';
  ref?: Ref<HTMLDivElement>;
  tabIndex?: number;
};

/** A notice in the flow of the page: what happened, why, what to do now. */
export function Alert({ tone, title, children, actions, live, ref, tabIndex }: AlertProps) {
  const role = live === 'assertive' ? 'alert' : live === 'polite' ? 'status' : undefined;
  return (
    <div className={`fa-alert fa-tone--${tone}`} role={role} ref={ref} tabIndex={tabIndex}>
      <Icon of={toneIcons[tone]} />
      <p className="fa-alert__title">{title}</p>
      {children && <div className="fa-stack fa-stack--tight">{children}</div>}
      {actions && <div className="fa-alert__actions">{actions}</div>}
    </div>
  );
}

type BadgeProps = { tone: Tone; children: ReactNode; icon?: string };

/** A short state beside a name; never by colour alone. */
export function Badge({ tone, children, icon }: BadgeProps) {
  return (
    <span className={`fa-badge fa-tone--${tone}`}>
      <Icon of={icon ?? toneIcons[tone]} />
      {children}
    </span>
  );
}

/** A state in running text: an icon in the tone's colour and words. */
export function StateText({ tone, children, icon }: BadgeProps) {
  return (
    <span className={`fa-state fa-tone--${tone}`}>
      <Icon of={icon ?? toneIcons[tone]} />
      <span>{children}</span>
    </span>
  );
}

type EmptyStateProps = {
  icon: string;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  level?: 2 | 3;
};

/** What stands where nothing is yet: why, and the way on. */
export function EmptyState({ icon, title, children, actions, level = 2 }: EmptyStateProps) {
  const Heading = level === 2 ? 'h2' : 'h3';
  return (
    <div className="fa-empty">
      <Icon of={icon} />
      <Heading>{title}</Heading>
      {children && <div>{children}</div>}
      {actions && <div className="fa-row">{actions}</div>}
    </div>
  );
}

/** Stands in for content that is on its way. */
export function Loading({ children }: { children?: ReactNode }) {
  return (
    <div className="fa-loading" role="status">
      <Icon of={icons.iconProgressActivity} className="fa-spin" />
      <span>{children ?? <Trans>Wird geladen …</Trans>}</span>
    </div>
  );
}
