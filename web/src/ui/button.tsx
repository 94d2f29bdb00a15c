import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, ReactNode, Ref } from 'react';
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Tooltip,
  TooltipTrigger,
} from 'react-aria-components';
import { Icon } from './icon.tsx';
import * as icons from './icons/index.ts';

type Look = {
  /** One primary button a screen; secondary for the others; tertiary inside lists. */
  variant?: 'primary' | 'secondary' | 'tertiary';
  /** For what takes something away. */
  danger?: boolean;
  small?: boolean;
  block?: boolean;
  icon?: string;
};

type ButtonProps = Omit<AriaButtonProps, 'className' | 'style' | 'children'> &
  Look & {
    children: ReactNode;
    /** Shows that the work is under way and swallows further presses. */
    pending?: boolean;
    ref?: Ref<HTMLButtonElement>;
  };

function classesOf({ variant = 'secondary', danger, small, block }: Look, extra = ''): string {
  return [
    'kern-btn',
    `kern-btn--${variant}`,
    danger ? 'fa-btn--danger' : '',
    small ? 'fa-btn--small' : '',
    block ? 'fa-btn--block' : '',
    extra,
  ]
    .filter(Boolean)
    .join(' ');
}

/** A button that says what it does ("Gerät freigeben", not "OK"). */
export function Button({
  variant,
  danger = false,
  small = false,
  block = false,
  icon,
  pending = false,
  children,
  ...rest
}: ButtonProps) {
  return (
    <AriaButton
      {...rest}
      isPending={pending}
      className={classesOf({ ...(variant && { variant }), danger, small, block })}
    >
      {pending ? (
        <Icon
          of={icons.iconProgressActivity}
          className="fa-spin"
          size={small ? 'small' : 'medium'}
        />
      ) : (
        icon && <Icon of={icon} size={small ? 'small' : 'medium'} />
      )}
      <span className="kern-label">{children}</span>
    </AriaButton>
  );
}

type IconButtonProps = Omit<AriaButtonProps, 'className' | 'style' | 'children'> & {
  /** The name readers hear and the tooltip shows. */
  label: string;
  icon: string;
  danger?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

/** A button with only a picture on it: for bars and table rows. */
export function IconButton({ label, icon, danger = false, ...rest }: IconButtonProps) {
  return (
    <TooltipTrigger delay={500}>
      <AriaButton
        {...rest}
        aria-label={label}
        className={classesOf({ variant: 'tertiary', danger }, 'fa-btn--icon')}
      >
        <Icon of={icon} />
      </AriaButton>
      <Tooltip className="fa-tooltip" offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}

type AnchorProps = AnchorHTMLAttributes<HTMLAnchorElement> &
  Look & { children?: ReactNode; ref?: Ref<HTMLAnchorElement> };

/** A link that leaves the app, or goes where its router does not lead, and looks like a button. */
export function ButtonAnchor({
  variant,
  danger,
  small,
  block,
  icon,
  children,
  ref,
  ...rest
}: AnchorProps) {
  const look = {
    ...(variant && { variant }),
    ...(danger && { danger }),
    ...(small && { small }),
    ...(block && { block }),
  };
  return (
    <a {...rest} ref={ref} className={classesOf(look)}>
      {icon && <Icon of={icon} size={small ? 'small' : 'medium'} />}
      <span className="kern-label">{children}</span>
    </a>
  );
}

/** A link to another page of the app that looks like a button. */
export const ButtonLink = /* @__PURE__ */ createLink(ButtonAnchor);
