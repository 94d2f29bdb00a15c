import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, Badge } from '../../../ui/notice.tsx';
import { canSeal, keyIn, rememberSeal } from '../end-to-end.ts';
import { type DeviceChoice, storeChoice, storedChoice } from '../meeting/media/devices.ts';
import { type Facts, limits } from '../meeting/wire.ts';
import { DeviceCheck, type OnOff } from './device-check.tsx';
import type { Answer } from './entry.ts';
import { MeetingFacts, MeetingTime } from './facts.tsx';
import { CannotSeal, SealField } from './seal-field.tsx';

export type Joining = {
  name: string | null;
  choice: DeviceChoice;
  on: OnOff;
  /** The key from device to device. */
  seal: string | null;
};

const STORED_NAME = 'fernamt-meeting-name';

type DoorProps = { answer: Answer; seal: string | null; onJoin: (joining: Joining) => void };

/** Before joining: what one gets into, and how one will be seen and heard. */
export function Door({ answer, seal, onJoin }: DoorProps) {
  const { t } = useLingui();
  const { meeting: facts, role } = answer;
  const [choice, setChoice] = useState(storedChoice);
  const [on, setOn] = useState<OnOff>({ camera: false, microphone: false });
  const guest = answer.name == null;
  const sealed = seal !== null || facts.safeguards.encryption === 'end_to_end';
  const form = useForm({
    initial: { name: sessionStorage.getItem(STORED_NAME) ?? '', seal: '' },
    validate: (values) => ({
      ...(guest &&
        !values.name.trim() && {
          name: t`Bitte geben Sie den Namen ein, den die anderen sehen sollen.`,
        }),
      ...(values.seal.trim() &&
        !keyIn(values.seal) && {
          seal: t`Darin steht kein Schlüssel. Der Link muss vollständig sein.`,
        }),
    }),
    submit: async (values) => {
      const called = values.name.trim();
      if (guest) sessionStorage.setItem(STORED_NAME, called);
      const given = keyIn(values.seal) ?? seal;
      if (given) rememberSeal(facts.id, given);
      onJoin({ name: guest ? called : null, choice, on, seal: given });
    },
  });
  const barred = sealed && !canSeal();
  const listener = role === 'listener';
  return (
    <div className="fa-door">
      <header className="fa-door__head fa-stack fa-stack--tight">
        <div className="fa-row">
          <ProtectionBadge facts={facts} />
        </div>
        <h1 tabIndex={-1}>{facts.title}</h1>
        <p className="fa-muted">
          <MeetingTime facts={facts} />
        </p>
      </header>
      <div className="fa-door__devices">
        {listener ? (
          <Alert tone="info" title={<Trans>Sie hören zu</Trans>}>
            <p>
              <Trans>
                Niemand sieht oder hört Sie, und die anderen Zuhörenden sehen Ihren Namen nicht.
                Fragen stellen Sie mit gehobener Hand.
              </Trans>
            </p>
          </Alert>
        ) : (
          <DeviceCheck
            choice={choice}
            onChoice={(next) => {
              storeChoice(next);
              setChoice(next);
            }}
            on={on}
            onToggle={setOn}
          />
        )}
      </div>
      <div className="fa-door__form">
        <Form
          form={form}
          actions={
            <Button
              type="submit"
              variant="primary"
              icon={icons.iconMeetingRoom}
              isDisabled={barred}
            >
              {answer.place === 'lobby' ? t`In den Warteraum` : t`Beitreten`}
            </Button>
          }
        >
          {guest && (
            <TextField
              {...form.field('name')}
              label={t`Ihr Name`}
              hint={
                role === 'listener' ? (
                  <Trans>Diesen Namen sieht, wer den Vortrag leitet.</Trans>
                ) : (
                  <Trans>Diesen Namen sehen die anderen.</Trans>
                )
              }
              autoComplete="name"
              maxLength={limits.name}
            />
          )}
          {!guest && (
            <p>
              <Trans>
                Sie nehmen als <strong>{answer.name}</strong> teil.
              </Trans>
            </p>
          )}
          {barred ? (
            <CannotSeal />
          ) : (
            sealed && !seal && <SealField field={form.field('seal')} answer={answer} />
          )}
        </Form>
        <MeetingFacts facts={facts} sealed={sealed} />
      </div>
    </div>
  );
}

export function ProtectionBadge({ facts }: { facts: Facts }) {
  switch (facts.protection) {
    case 'open':
      return (
        <Badge tone="neutral" icon={icons.iconPublic}>
          <Trans>Offen</Trans>
        </Badge>
      );
    case 'internal':
      return (
        <Badge tone="info" icon={icons.iconGroups}>
          <Trans>Intern</Trans>
        </Badge>
      );
    case 'confidential':
      return (
        <Badge tone="warning" icon={icons.iconLock}>
          <Trans>Vertraulich</Trans>
        </Badge>
      );
  }
}
