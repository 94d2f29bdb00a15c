import type { ReactElement, ReactNode } from 'react';
import {
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  MenuTrigger,
  Popover,
  Separator,
} from 'react-aria-components';
import { Icon } from './icon.tsx';

type MenuProps = {
  label: string;
  /** The button that opens it (`Button` or `IconButton`). */
  trigger: ReactElement;
  /** Stands above the entries, for instance the signed-in person. */
  header?: ReactNode;
  children: ReactNode;
};

/** A menu below a button: arrows, letters, Escape, as everywhere. */
export function Menu({ label, trigger, header, children }: MenuProps) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className="fa-popover kern-level-2" placement="bottom end">
        {header && <div className="fa-menu__header">{header}</div>}
        <AriaMenu className="fa-menu" aria-label={label}>
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

type MenuItemProps = {
  children: string;
  icon?: string;
  /** A page of the app; without it, `onAction` is the deed. */
  href?: string;
  onAction?: () => void;
  danger?: boolean;
  isDisabled?: boolean;
};

/** One entry of a `Menu`. */
export function MenuItem({ children, icon, href, onAction, danger, isDisabled }: MenuItemProps) {
  return (
    <AriaMenuItem
      className={`fa-menu__item ${danger ? 'fa-menu__item--danger' : ''}`}
      textValue={children}
      isDisabled={isDisabled ?? false}
      {...(href && { href })}
      {...(onAction && { onAction })}
    >
      {icon && <Icon of={icon} size="small" />}
      <span>{children}</span>
    </AriaMenuItem>
  );
}

/** A line between groups of entries. */
export function MenuDivider() {
  return <Separator className="fa-menu__divider" />;
}
