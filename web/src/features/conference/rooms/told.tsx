import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Checkbox } from '../../../ui/choices.tsx';
import type { Room } from './queries.ts';

type ToldProps = {
  room: Room;
  /** Whether this house sends mail. */
  mail: boolean;
  onChange: (tell: boolean) => void;
};

/** Who hears of a change, and the choice to tell nobody. It begins with telling them. */
export function Told({ room, mail, onChange }: ToldProps) {
  const { t } = useLingui();
  const [tell, setTell] = useState(true);
  const reached = room.invited.filter(({ address }) => address).length;
  const others = room.invited.length - reached;
  if (room.invited.length === 0) {
    return (
      <p>
        <Trans>Eingeladen ist niemand; es erfährt also niemand davon.</Trans>
      </p>
    );
  }
  if (!mail || reached === 0) {
    return (
      <p>
        <Trans>
          Fernamt verschickt darüber keine E-Mail. Sagen Sie denen, die Sie eingeladen haben, selbst
          Bescheid.
        </Trans>
      </p>
    );
  }
  return (
    <>
      <Checkbox
        name="notify"
        label={t`Eingeladene per E-Mail benachrichtigen`}
        checked={tell}
        onChange={(next) => {
          setTell(next);
          onChange(next);
        }}
      />
      <p>
        {tell ? (
          <Plural
            value={reached}
            one="Eine Person bekommt eine E-Mail."
            other="# Personen bekommen eine E-Mail."
          />
        ) : (
          <Trans>Niemand bekommt eine E-Mail.</Trans>
        )}{' '}
        {tell && others > 0 && (
          <Plural
            value={others}
            one="Von einer Person ist keine Adresse hinterlegt."
            other="Von # Personen ist keine Adresse hinterlegt."
          />
        )}
      </p>
    </>
  );
}
