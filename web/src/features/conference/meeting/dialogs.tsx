import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { Checkbox, Select } from '../../../ui/choices.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { ConfirmDialog, Dialog } from '../../../ui/dialog.tsx';
import { TextAreaField } from '../../../ui/fields.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { DeviceChoices, SpeakerTest, useDevices } from '../join/device-check.tsx';
import { MeetingFacts } from '../join/facts.tsx';
import type { MeetingView } from './controller.ts';
import type { DeviceChoice } from './media/devices.ts';
import { isLecture } from './model.ts';
import { sealable } from './sealed-text.ts';
import { type Act, type LobbyFor, limits, type Rules } from './wire.ts';

type OpenProps = { isOpen: boolean; onClose: () => void };

/** Other devices, during the meeting. */
export function DevicesDialog({
  choice,
  onChoice,
  ...open
}: OpenProps & { choice: DeviceChoice; onChoice: (choice: DeviceChoice) => void }) {
  const { t } = useLingui();
  return (
    <Dialog title={t`Geräte`} {...open}>
      <DevicesForm choice={choice} onChoice={onChoice} />
    </Dialog>
  );
}

function DevicesForm({
  choice,
  onChoice,
}: {
  choice: DeviceChoice;
  onChoice: (choice: DeviceChoice) => void;
}) {
  const devices = useDevices();
  return (
    <div className="fa-stack">
      <DeviceChoices devices={devices} choice={choice} onChoice={onChoice} />
      <SpeakerTest speaker={choice.speaker} />
    </div>
  );
}

/** What is stored and until when, who runs this, how it is encrypted. */
export function AboutDialog({ view, ...open }: OpenProps & { view: MeetingView }) {
  const { t } = useLingui();
  return (
    <Dialog title={t`Was gespeichert wird`} {...open}>
      {view.facts && <MeetingFacts facts={view.facts} sealed={view.seal !== 'open'} />}
      <p className="fa-muted">
        <Trans>Wer teilnimmt, wird nicht aufgezeichnet, auch nicht als Liste.</Trans>
      </p>
    </Dialog>
  );
}

/** All single keys, and the switch that turns them off. */
export function KeysDialog({
  enabled,
  onEnabled,
  ...open
}: OpenProps & { enabled: boolean; onEnabled: (enabled: boolean) => void }) {
  const { t } = useLingui();
  const keys: [string, string][] = [
    ['M', t`Mikrofon ein- oder ausschalten`],
    ['K', t`Kamera ein- oder ausschalten`],
    ['B', t`Bildschirm zeigen oder beenden`],
    ['H', t`Hand heben oder senken`],
    ['C', t`Chat öffnen oder schließen`],
    ['P', t`Personen öffnen oder schließen`],
    ['A', t`Ansicht wechseln`],
    ['F', t`Vollbild`],
    ['?', t`Diese Übersicht`],
  ];
  return (
    <Dialog title={t`Tastatur`} {...open}>
      <dl className="fa-keys">
        {keys.map(([key, deed]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{deed}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>{t`Leertaste`}</kbd>
          </dt>
          <dd>{t`Halten und sprechen, wenn das unter „Geräte“ gewählt ist`}</dd>
        </div>
      </dl>
      <Checkbox
        name="single-keys"
        label={t`Einzelne Tasten benutzen`}
        hint={t`Schalten Sie das aus, wenn Ihr Gerät Tasten von selbst tippt, zum Beispiel bei Spracheingabe.`}
        checked={enabled}
        onChange={onEnabled}
      />
    </Dialog>
  );
}

type RulesProps = OpenProps & {
  view: MeetingView;
  onAct: (act: Act) => Promise<boolean>;
  onEndForAll: () => void;
};

/** What the meeting allows, for those who run it. */
export function RulesDialog({ view, onAct, onEndForAll, ...open }: RulesProps) {
  const { t } = useLingui();
  const { rules, newPin } = view;
  const [wanted, setWanted] = useState<Partial<Rules>>({});
  // A switch stands where it was put until the server has answered, and then where the server says.
  const set = async (change: Partial<Rules>) => {
    setWanted((before) => ({ ...before, ...change }));
    await onAct({ act: 'set_rules', ...change });
    setWanted((before) => without(before, change));
  };
  const yesNo: [
    keyof Rules & ('locked' | 'lobby' | 'may_unmute' | 'may_show' | 'may_share' | 'may_react'),
    string,
  ][] = [
    [
      'locked',
      isLecture(view)
        ? t`Vortrag schließen: Niemand kommt mehr herein`
        : t`Besprechung schließen: Niemand kommt mehr herein`,
    ],
    ['lobby', t`Warteraum: Wer jetzt kommt, wartet, ganz gleich wer`],
    ['may_unmute', t`Wer stummgeschaltet wurde, darf wieder sprechen`],
    ['may_show', t`Kamera erlauben`],
    ['may_share', t`Bildschirm zeigen erlauben`],
    ['may_react', t`Reaktionen erlauben`],
  ];
  const lobby = whoWaitsAnyway(view.facts?.safeguards.lobby);
  return (
    <Dialog
      title={isLecture(view) ? t`Vortrag leiten` : t`Besprechung leiten`}
      {...open}
      footer={
        <Button danger icon={icons.iconCallEnd} onPress={onEndForAll}>
          {t`Für alle beenden`}
        </Button>
      }
    >
      <div className="fa-stack">
        {yesNo.map(([name, label]) => (
          <Checkbox
            key={name}
            name={name}
            label={label}
            checked={wanted[name] ?? rules[name]}
            onChange={(on) => void set({ [name]: on })}
            {...(name === 'lobby' && lobby && { hint: lobby })}
          />
        ))}
        <Select
          label={t`Chat`}
          name="chat-rule"
          value={wanted.chat ?? rules.chat}
          options={[
            { value: 'private', label: t`Alle schreiben, auch an Einzelne` },
            { value: 'public', label: t`Alle schreiben an alle` },
            { value: 'to_hosts', label: t`Nur Fragen an die Moderation` },
            { value: 'off', label: t`Nur die Moderation schreibt` },
          ]}
          onChange={(chat) => void set({ chat })}
        />
        <WaitingText view={view} onAct={onAct} />
        <div className="fa-stack fa-stack--tight">
          {newPin ? (
            <>
              <p role="status">
                <Trans>Die neue PIN gilt ab sofort, die alte nicht mehr. Raumnummer und PIN:</Trans>
              </p>
              <CopyField label={t`Raumnummer und PIN`} value={`${newPin.number} / ${newPin.pin}`} />
            </>
          ) : (
            <div>
              <Button icon={icons.iconPin} onPress={() => void onAct({ act: 'renew_pin' })}>
                {t`Neue PIN erzeugen`}
              </Button>
            </div>
          )}
        </div>
      </div>
    </Dialog>
  );
}

function without(rules: Partial<Rules>, answered: Partial<Rules>): Partial<Rules> {
  return Object.fromEntries(Object.entries(rules).filter(([name]) => !(name in answered)));
}

/** Whom the room's protection makes wait although the switch is off. */
function whoWaitsAnyway(lobby: LobbyFor | undefined): string | null {
  switch (lobby) {
    case 'guests':
      return t`Gäste ohne Konto warten hier immer.`;
    case 'uninvited':
      return t`Wer nicht namentlich eingeladen ist, wartet hier immer.`;
    case 'everybody':
      return t`Hier warten immer alle außer denen, die leiten.`;
    default:
      return null;
  }
}

function WaitingText({ view, onAct }: Pick<RulesProps, 'view' | 'onAct'>) {
  const { t } = useLingui();
  const [text, setText] = useState(view.waitingText);
  return (
    <div className="fa-stack fa-stack--tight">
      <TextAreaField
        label={t`Text im Warteraum`}
        name="waiting-text"
        optional
        rows={2}
        maxLength={limits.waitingText}
        value={text}
        onChange={setText}
      />
      {text !== view.waitingText && (
        <div>
          <Button
            small
            onPress={() => void onAct({ act: 'set_waiting_text', text: text.trim() })}
          >{t`Text anzeigen`}</Button>
        </div>
      )}
    </div>
  );
}

/** A question with the raised hand: in a lecture it can be answered without a microphone. */
export function QuestionDialog({
  sealed,
  onRaise,
  ...open
}: OpenProps & { sealed: boolean; onRaise: (question: string) => Promise<boolean> }) {
  const { t } = useLingui();
  const [question, setQuestion] = useState('');
  const raise = async () => {
    if (await onRaise(question.trim())) {
      setQuestion('');
      open.onClose();
    }
  };
  return (
    <Dialog
      title={t`Hand heben`}
      {...open}
      footer={
        <>
          <Button onPress={open.onClose}>{t`Abbrechen`}</Button>
          <Button variant="primary" icon={icons.iconBackHand} onPress={() => void raise()}>
            {t`Hand heben`}
          </Button>
        </>
      }
    >
      <TextAreaField
        label={t`Ihre Frage`}
        name="question"
        optional
        autoFocus
        rows={6}
        maxLength={sealed ? sealable(limits.question) : limits.question}
        hint={t`Nur die Moderation liest sie. Wenn Sie drankommen, werden Sie auf die Bühne geholt.`}
        value={question}
        onChange={setQuestion}
      />
    </Dialog>
  );
}

type LeaveProps = OpenProps & {
  view: Pick<MeetingView, 'facts' | 'may'>;
  onLeave: () => void;
  onEndForAll: () => void;
};

/** Before leaving: whether the others go on. */
export function LeaveDialog({ view, onLeave, onEndForAll, ...open }: LeaveProps) {
  const { t } = useLingui();
  const moderates = view.may.moderate;
  const lecture = isLecture(view);
  return (
    <Dialog
      title={lecture ? t`Vortrag verlassen?` : t`Besprechung verlassen?`}
      role="alertdialog"
      {...open}
      footer={
        <>
          <Button onPress={open.onClose}>{t`Bleiben`}</Button>
          {moderates && (
            <Button danger onPress={onEndForAll}>
              {t`Für alle beenden`}
            </Button>
          )}
          <Button variant="primary" danger autoFocus onPress={onLeave}>
            {t`Verlassen`}
          </Button>
        </>
      }
    >
      {moderates ? (
        <p>
          {lecture ? (
            <Trans>Wenn Sie gehen, läuft der Vortrag für die anderen weiter.</Trans>
          ) : (
            <Trans>Wenn Sie gehen, geht die Besprechung für die anderen weiter.</Trans>
          )}
        </p>
      ) : (
        <p>
          {lecture ? (
            <Trans>Solange der Vortrag läuft, können Sie zurückkommen.</Trans>
          ) : (
            <Trans>Solange die Besprechung läuft, können Sie zurückkommen.</Trans>
          )}
        </p>
      )}
    </Dialog>
  );
}

/** Before a host ends it: what comes with that. */
export function EndDialog({
  view,
  onEnd,
  ...open
}: OpenProps & { view: Pick<MeetingView, 'facts'>; onEnd: () => Promise<boolean> }) {
  const { t } = useLingui();
  return (
    <ConfirmDialog
      title={isLecture(view) ? t`Vortrag für alle beenden?` : t`Besprechung für alle beenden?`}
      action={t`Für alle beenden`}
      danger
      {...open}
      onConfirm={onEnd}
    >
      <p>
        <Trans>Alle werden hinausgeschickt, und Link, Raumnummer und PIN gelten nicht mehr.</Trans>
      </p>
    </ConfirmDialog>
  );
}

/** Somebody guesses PINs of this meeting. */
export function GuessedAlert({ lecture, onRenew }: { lecture: boolean; onRenew: () => void }) {
  const { t } = useLingui();
  return (
    <Alert
      tone="warning"
      live="polite"
      title={
        lecture
          ? t`Jemand probiert PINs dieses Vortrags durch.`
          : t`Jemand probiert PINs dieser Besprechung durch.`
      }
      actions={<Button small onPress={onRenew}>{t`Neue PIN erzeugen`}</Button>}
    >
      <p>
        <Trans>
          Wer Raumnummer und PIN eintippt, kommt deshalb erst in den Warteraum. Lassen Sie nur ein,
          wen Sie erwarten.
        </Trans>
      </p>
    </Alert>
  );
}
