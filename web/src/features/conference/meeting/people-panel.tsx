import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useState } from 'react';
import { Button, IconButton } from '../../../ui/button.tsx';
import { SearchField } from '../../../ui/fields.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { AdmitButton } from './admit-button.tsx';
import type { MeetingView } from './controller.ts';
import { isLecture, listens } from './model.ts';
import { NameMark, speakerOf } from './name-mark.tsx';
import type { Act, Seat } from './wire.ts';
import { guestMark, roleName } from './words.ts';

type PeoplePanelProps = {
  view: MeetingView;
  onAct: (act: Act) => Promise<boolean>;
  menuOf: (seat: Seat) => ReactNode;
};

const LEADING = ['host', 'cohost', 'presenter'];

/** Who waits, who wants to speak, and who is there. */
export function PeoplePanel({ view, onAct, menuOf }: PeoplePanelProps) {
  const { may, roster, counts } = view;
  const lecture = isLecture(view);
  // Oneself is in the roster even where one only listens.
  const listening = listens(view) ? view.own : null;
  const seats = [...roster.values()]
    .filter(({ id }) => id !== listening?.id)
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return (
    <div className="fa-people">
      {may.moderate && view.lobby.length > 0 && <Waiting view={view} onAct={onAct} />}
      <Hands view={view} onAct={onAct} />
      <section>
        <div className="fa-people__head">
          <h3>
            {lecture ? <Trans>Auf der Bühne</Trans> : <Trans>In der Besprechung</Trans>}{' '}
            <span className="fa-count">{seats.length}</span>
          </h3>
          {may.moderate && (
            <Button
              small
              variant="tertiary"
              icon={icons.iconMicOff}
              onPress={() => void onAct({ act: 'mute_all' })}
            >
              <Trans>Alle stumm</Trans>
            </Button>
          )}
        </div>
        <ul className="fa-people__list">
          {seats.map((seat) => (
            <Person key={seat.id} seat={seat} view={view} menu={menuOf(seat)} />
          ))}
        </ul>
      </section>
      {lecture && (
        <section>
          <h3>
            <Trans>Zuhörende</Trans> <span className="fa-count">{counts.listeners}</span>
          </h3>
          {may.moderate ? (
            <FindListeners view={view} onAct={onAct} menuOf={menuOf} />
          ) : (
            <>
              {listening && (
                <ul className="fa-people__list">
                  <Person seat={listening} view={view} menu={null} />
                </ul>
              )}
              <p className="fa-muted fa-small">
                <Trans>Zuhörende sehen einander nicht.</Trans>
              </p>
            </>
          )}
        </section>
      )}
    </div>
  );
}

const rank = ({ role }: Seat) => {
  const at = LEADING.indexOf(role);
  return at < 0 ? LEADING.length : at;
};

function Person({ seat, view, menu }: { seat: Seat; view: MeetingView; menu: ReactNode }) {
  const { t } = useLingui();
  const { own, media } = view;
  const sent = media.seats.get(seat.id);
  const role = roleName(seat.role);
  return (
    <li className="fa-person">
      <span className="fa-person__text">
        <span className="fa-person__name">
          {seat.id === own?.id ? <Trans>{seat.name} (Sie)</Trans> : seat.name}
        </span>
        <span className="fa-person__role">
          {[
            seat.guest && seat.role !== 'guest' && guestMark(),
            role,
            seat.away ? t`Verbindung unterbrochen` : null,
          ]
            .filter(Boolean)
            .join(', ')}
        </span>
      </span>
      <Icon
        of={sent?.microphone === 'on' ? icons.iconMic : icons.iconMicOff}
        size="small"
        label={sent?.microphone === 'on' ? t`Mikrofon an` : t`Mikrofon aus`}
        className={sent?.microphone === 'on' ? '' : 'fa-muted'}
      />
      <Icon
        of={sent?.camera ? icons.iconVideocam : icons.iconVideocamOff}
        size="small"
        label={sent?.camera ? t`Kamera an` : t`Kamera aus`}
        className={sent?.camera ? '' : 'fa-muted'}
      />
      <span className="fa-person__menu">{menu}</span>
    </li>
  );
}

function Waiting({ view, onAct }: { view: MeetingView; onAct: (act: Act) => Promise<boolean> }) {
  const { t } = useLingui();
  return (
    <section className="fa-people__waiting">
      <div className="fa-people__head">
        <h3>
          <Trans>Im Warteraum</Trans> <span className="fa-count">{view.lobby.length}</span>
        </h3>
        {view.lobby.length > 1 && <AdmitButton lobby={view.lobby} onAct={onAct} />}
      </div>
      <ul className="fa-people__list">
        {view.lobby.map(({ seat, name, guest, by_pin: byPin }) => (
          <li key={seat} className="fa-person">
            <span className="fa-person__text">
              <span className="fa-person__name">{name}</span>
              <span className="fa-person__role">
                {guest &&
                  (byPin ? (
                    <Trans>Gast, kam mit Raumnummer und PIN</Trans>
                  ) : (
                    <Trans>Gast, kam mit dem Link</Trans>
                  ))}
              </span>
            </span>
            <IconButton
              label={t`${name} ablehnen`}
              icon={icons.iconClose}
              danger
              onPress={() => void onAct({ act: 'refuse', seat })}
            />
            <IconButton
              label={t`${name} einlassen`}
              icon={icons.iconCheck}
              onPress={() => void onAct({ act: 'admit', seat })}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Hands({ view, onAct }: { view: MeetingView; onAct: (act: Act) => Promise<boolean> }) {
  const { t } = useLingui();
  const { hands, handsTotal, may, met, own } = view;
  const lecture = isLecture(view);
  if (hands.length === 0 && handsTotal === 0) return null;
  return (
    <section>
      <div className="fa-people__head">
        <h3>
          {lecture ? <Trans>Fragen und Meldungen</Trans> : <Trans>Hand gehoben</Trans>}{' '}
          <span className="fa-count">{handsTotal}</span>
        </h3>
        {may.moderate && hands.length > 1 && (
          <Button small variant="tertiary" onPress={() => void onAct({ act: 'hands_clear' })}>
            <Trans>Alle senken</Trans>
          </Button>
        )}
      </div>
      {hands.length === 0 && (
        <p className="fa-muted fa-small">
          <Plural
            value={handsTotal}
            one="Eine Person wartet darauf, dranzukommen."
            other="# Personen warten darauf, dranzukommen."
          />
        </p>
      )}
      <ol className="fa-people__list">
        {hands.map(({ seat, name, guest, question, sealed }, index) => (
          <li key={seat} className="fa-person fa-person--hand">
            <span className="fa-person__place">{index + 1}</span>
            <span className="fa-person__text">
              <span className="fa-person__name">
                {seat === own?.id ? <Trans>{name} (Sie)</Trans> : name}{' '}
                {seat !== own?.id && <NameMark of={speakerOf({ seat, guest }, met)} />}
              </span>
              {question && !sealed && <span className="fa-person__question">{question}</span>}
              {sealed && (
                <span className="fa-person__role">
                  <Trans>Frage, hier nicht zu entschlüsseln</Trans>
                </span>
              )}
            </span>
            {may.moderate && lecture && (
              <Button
                small
                variant="primary"
                onPress={() => void onAct({ act: 'stage', seat, on: true })}
              >
                <Trans>Auf die Bühne</Trans>
              </Button>
            )}
            {(may.moderate || seat === own?.id) && (
              <IconButton
                label={t`Hand von ${name} senken`}
                icon={icons.iconClose}
                onPress={() => void onAct({ act: 'hand_lower', ...(seat !== own?.id && { seat }) })}
              />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function FindListeners({ view, onAct, menuOf }: PeoplePanelProps) {
  const { t } = useLingui();
  const [name, setName] = useState('');
  const { listeners, more } = view.found;
  const search = () => {
    if (name.trim()) void onAct({ act: 'find_listeners', name: name.trim() });
  };
  return (
    <div className="fa-stack fa-stack--tight">
      <SearchField
        label={t`Zuhörende suchen`}
        labelHidden
        placeholder={t`Name`}
        value={name}
        onChange={setName}
        onSubmit={search}
      />
      <ul className="fa-people__list">
        {listeners.map((seat) => (
          <Person key={seat.id} seat={seat} view={view} menu={menuOf(seat)} />
        ))}
      </ul>
      {more && (
        <p className="fa-muted fa-small">
          <Trans>Es gibt noch mehr; schreiben Sie mehr vom Namen.</Trans>
        </p>
      )}
    </div>
  );
}
