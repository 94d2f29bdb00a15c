import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSession } from '../../../app/queries.ts';
import { IconButton } from '../../../ui/button.tsx';
import { Select } from '../../../ui/choices.tsx';
import { TextField } from '../../../ui/fields.tsx';
import type { FormState } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { StateText } from '../../../ui/notice.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { announce } from '../../../ui/status.tsx';
import { addressKey, type Guest, sharedAddresses, type Values } from './form-values.ts';
import { OutsideField } from './outside-field.tsx';
import { LEAST_SEARCH_CHARS, type Options, peopleQuery } from './queries.ts';
import { roleName, rolesFor } from './words.ts';

type PeopleProps = { form: FormState<Values>; options: Options };

const TYPING_MS = 250;

/** Who is invited, as what: people of the house found by name, others by address. */
export function PeopleFields({ form, options }: PeopleProps) {
  const { people } = form.values;
  const { invitees: most } = options.limits;
  const shared = sharedAddresses(people);
  const full = people.length >= most;
  const add = (guest: Guest) => form.set('people', [...people, guest]);
  const change = (key: string, part: Partial<Guest>) =>
    form.set(
      'people',
      people.map((guest) => (guest.key === key ? { ...guest, ...part } : guest)),
    );
  return (
    <>
      {full ? (
        <p>
          <Trans>Mehr als {most} Personen lassen sich nicht einladen.</Trans>
        </p>
      ) : (
        <HousePicker form={form} onAdd={add} />
      )}
      <OutsideField form={form} most={most} />
      {people.length === 0 ? (
        <p className="fa-muted">
          <Trans>Noch ist niemand eingeladen. Sie können auch nur den Link weitergeben.</Trans>
        </p>
      ) : (
        <>
          <h3>
            <Plural
              value={people.length}
              one="Eine Person eingeladen"
              other="# Personen eingeladen"
            />
          </h3>
          <ul className="fa-invitees">
            {people.map((guest) => (
              <GuestRow
                key={guest.key}
                guest={guest}
                mail={options.mail}
                shared={shared.has(addressKey(guest.address))}
                onChange={(part) => change(guest.key, part)}
                onRemove={() =>
                  form.set(
                    'people',
                    people.filter(({ key }) => key !== guest.key),
                  )
                }
              />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function HousePicker({ form, onAdd }: { form: FormState<Values>; onAdd: (guest: Guest) => void }) {
  const { t } = useLingui();
  const { person: me } = useSession();
  const [typed, setTyped] = useState('');
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const found = useQuery(peopleQuery(asked));
  const invited = form.values.people.map(({ person }) => person);
  const choices = found.data
    ?.filter(({ id }) => id !== me.id && !invited.includes(id))
    .map(({ id, name }) => ({ id, label: name }));
  const pick = (id: string) => {
    const person = found.data?.find((one) => one.id === id);
    if (!person) return;
    setTyped('');
    const role = form.values.kind === 'lecture' ? 'listener' : 'participant';
    onAdd({ key: id, person: id, name: person.name, address: '', role, language: '' });
    announce('success', t`${person.name} ist auf der Liste.`);
  };
  const waiting = typed.trim().length >= LEAST_SEARCH_CHARS && asked !== typed.trim();
  return (
    <PickOne
      label={t`Personen des Hauses`}
      name="people"
      optional
      hint={t`Geben Sie mindestens zwei Buchstaben des Namens ein.`}
      error={form.errors.people}
      choices={waiting ? undefined : choices}
      placeholder={t`Name`}
      value=""
      onChange={pick}
      onSearch={setTyped}
    />
  );
}

type RowProps = {
  guest: Guest;
  mail: boolean;
  /** Somebody else on the list has the same address. */
  shared: boolean;
  onChange: (part: Partial<Guest>) => void;
  onRemove: () => void;
};

function GuestRow({ guest, mail, shared, onChange, onRemove }: RowProps) {
  const { t } = useLingui();
  const shown = guest.name || guest.address;
  return (
    <li className="fa-invitee">
      <p className="fa-invitee__name">
        {shown}
        {guest.person === null && guest.name && (
          <span className="fa-muted fa-small fa-break">{guest.address}</span>
        )}
        {shared && (
          <StateText tone="warning">
            <Trans>Diese Adresse steht zweimal auf der Liste.</Trans>
          </StateText>
        )}
      </p>
      <Select
        label={t`Rolle von ${shown}`}
        name={`role-${guest.key}`}
        value={guest.role}
        onChange={(role) => onChange({ role })}
        options={rolesFor(guest.person === null).map((value) => ({
          value,
          label: roleName(value),
        }))}
      />
      <IconButton label={t`${shown} nicht einladen`} icon={icons.iconClose} onPress={onRemove} />
      {mail && (
        <details className="fa-plain-details fa-invitee__more" open={false}>
          <summary>
            {guest.address ? (
              <Trans>Einladung per E-Mail</Trans>
            ) : (
              <Trans>Adresse für die Einladung ergänzen</Trans>
            )}
          </summary>
          <div className="fa-fields">
            {guest.person !== null && (
              <TextField
                label={t`E-Mail-Adresse von ${shown}`}
                name={`address-${guest.key}`}
                type="email"
                optional
                value={guest.address}
                onChange={(address) => onChange({ address })}
              />
            )}
            <Select
              label={t`Sprache der Einladung`}
              name={`language-${guest.key}`}
              value={guest.language}
              onChange={(language) => onChange({ language })}
              options={[
                { value: '', label: t`wie im Haus üblich` },
                { value: 'de', label: 'Deutsch' },
                { value: 'en', label: 'English' },
              ]}
            />
          </div>
        </details>
      )}
    </li>
  );
}
