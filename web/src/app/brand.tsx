import { Link } from '@tanstack/react-router';
import mark from '../ui/brand/mark.svg';

/** The product's mark and whose office this is. */
export function Brand({ tenant }: { tenant: string | undefined }) {
  return (
    <Link to="/" className="fa-brand">
      <img src={mark} alt="" width="36" height="36" />
      <span className="fa-grow">
        <span className="fa-brand__name">Fernamt</span>
        {tenant && <span className="fa-brand__tenant">{tenant}</span>}
      </span>
    </Link>
  );
}
