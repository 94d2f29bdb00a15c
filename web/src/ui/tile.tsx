import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';

type TileProps = {
  icon: string;
  title: ReactNode;
  text?: ReactNode;
  status?: ReactNode;
  /** Opens in a tab of its own. */
  href?: string;
  newTab?: boolean;
  onPress?: () => void;
  /** Shown, but not to be used now; the status says why. */
  off?: boolean;
};

/** A large tile: the whole of it is the link, the title is its name. */
export function Tile({ icon, title, text, status, href, newTab, onPress, off = false }: TileProps) {
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
