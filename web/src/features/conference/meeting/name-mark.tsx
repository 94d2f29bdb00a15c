import { Icon, icons } from '../../../ui/icon.tsx';
import type { Role } from './wire.ts';
import { guestMark, roleName } from './words.ts';

/** What one must know of somebody beside their name. */
export type Marked = { guest: boolean; role: Role };

type NameMarkProps = {
  /** Nothing is said of who is not known here, such as a listener. */
  of: Marked | undefined;
  /** Where there is little room, who leads is marked with a sign. */
  brief?: boolean;
};

/**
 * Who is a guest, and who leads. It stands beside the name, not in it: names are cut where they are long, and guests
 * choose theirs.
 */
export function NameMark({ of, brief = false }: NameMarkProps) {
  if (!of) return null;
  const leads = of.role === 'host' || of.role === 'cohost' ? roleName(of.role) : null;
  return (
    <>
      {of.guest && <span className="fa-mark">{guestMark()}</span>}
      {leads &&
        (brief ? (
          <Icon of={icons.iconShieldPerson} size="small" label={leads} />
        ) : (
          <span className="fa-mark">{leads}</span>
        ))}
    </>
  );
}
