import * as icons from './icons/index.ts';

export { icons };

type IconProps = {
  /** An outline from `icons`. */
  of: string;
  size?: 'small' | 'medium' | 'large';
  className?: string;
  /** Only where the icon stands alone and says something; otherwise it is hidden from readers. */
  label?: string;
};

/** A Material Symbol as inline SVG in the colour of the text around it. */
export function Icon({ of, size = 'medium', className = '', label }: IconProps) {
  const classes = `fa-icon fa-icon--${size} ${className}`;
  return label ? (
    <svg className={classes} viewBox="0 -960 960 960" role="img" aria-label={label}>
      <path d={of} />
    </svg>
  ) : (
    <svg className={classes} viewBox="0 -960 960 960" aria-hidden="true" focusable="false">
      <path d={of} />
    </svg>
  );
}
