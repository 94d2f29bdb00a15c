import { Icon, icons } from '../../../ui/icon.tsx';
import type { Role, Seat } from './wire.ts';
import { guestMark, roleName } from './words.ts';

/** What one must know of somebody beside their name. */
export type Marked = { guest: boolean; role?: Role | undefined };

/** Whoever wrote or asked. That they are a guest comes with what they said; who went may have led before one came. */
export const speakerOf = (
  { seat, guest }: { seat: string; guest: boolean },
  met: ReadonlyMap<string, Seat>,
): Marked => ({ guest, role: met.get(seat)?.role });

type NameMarkProps = {
  of: Marked;
  /** Where there is little room, who leads is marked with a sign. */
  brief?: boolean;
};

/**
 * Who is a guest, and who leads. It stands beside the name, not in it: names are cut where they are long, and guests
 * choose theirs.
 */
export function NameMark({ of, brief = false }: NameMarkProps) {
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
