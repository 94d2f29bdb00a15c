import type { MouseEvent, ReactNode } from 'react';
import { Icon } from './icon.tsx';

type TileProps = {
  icon: string;
  title: ReactNode;
  text?: ReactNode;
  status?: ReactNode;
  /** Opens in a tab of its own. */
  href?: string;
  newTab?: boolean;
  /** One window of this name: pressed again, the tile brings it to the front as it is. Own pages only. */
  windowName?: string;
  onPress?: () => void;
  /** Shown, but not to be used now; the status says why. */
  off?: boolean;
};

/** A large tile: the whole of it is the link, the title is its name. */
export function Tile(props: TileProps) {
  const { icon, title, text, status, href, newTab, windowName, onPress, off = false } = props;
  const toFront = (event: MouseEvent) => {
    if (!href || !windowName || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openOnce(href, windowName);
  };
  return (
    <div className={`fa-tile ${off ? 'fa-tile--off' : ''}`}>
      <span className="fa-tile__icon">
        <Icon of={icon} />
      </span>
      <div className="fa-tile__body">
        {href ? (
          <a
            className="fa-tile__link"
            href={href}
            {...(windowName && { target: windowName, onClick: toFront })}
            {...(newTab && { target: '_blank', rel: 'noopener' })}
          >
            {title}
          </a>
        ) : (
          <button type="button" className="fa-tile__link" onClick={onPress}>
            {title}
          </button>
        )}
        {text && <p className="fa-tile__text">{text}</p>}
        {status && <div className="fa-tile__status">{status}</div>}
      </div>
    </div>
  );
}

/** Shows the window of this name; opens the page in it only where it is not open there already. */
function openOnce(href: string, name: string): void {
  const opened = window.open('', name);
  if (!opened) {
    window.open(href, name);
    return;
  }
  if (opened.location.pathname !== new URL(href, location.href).pathname) {
    opened.location.href = href;
  }
  opened.focus();
}
