import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import type { Mailbox } from '../features/mail/model.ts';
import { folderName } from '../features/mail/page/words.ts';
import { type KeptTimes, linkKind } from '../features/mail/store/kept-times.ts';
import { DAYS_BACK, EVERY_MIN, type SyncTimes } from '../features/mail/store/sync-times.ts';
import { locale } from '../i18n/index.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox, CheckboxGroup, Select } from '../ui/choices.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/fields.tsx';
import { Form, useForm } from '../ui/form.tsx';
import { announce } from '../ui/status.tsx';
import { mayNotify, noticesPossible } from './notices.ts';
import type { Push, PushLook, PushOutcome } from './push/push.ts';

type Synced = { mailboxes(): Promise<Mailbox[]>; sync(): Promise<void> };
type TimesDialogProps = {
  times: KeptTimes;
  push: Pick<Push, 'look' | 'keep'>;
  mail: Synced;
  /** Whether the administration lets the page tell of new mail. */
  mayNotice: boolean;
  onClose: () => void;
};

/** When mail is brought here by itself, how much of it, and whether the page tells of new mail. */
export default function TimesDialog(props: TimesDialogProps) {
  const { mail, onClose } = props;
  const [boxes, setBoxes] = useState<Mailbox[]>();
  useEffect(() => {
    mail.mailboxes().then(setBoxes, onClose);
  }, [mail, onClose]);
  return (
    <Dialog title={<Trans>Abgleich und Hinweise</Trans>} isOpen onClose={onClose}>
      {boxes && <TimesForm {...props} boxes={boxes} />}
    </Dialog>
  );
}

type Values = {
  every: string;
  isDaily: boolean;
  from: string;
  to: string;
  weekends: boolean;
  mobile: boolean;
  days: string;
  folders: string[];
  notices: boolean;
  push: boolean;
};

function TimesForm(props: TimesDialogProps & { boxes: Mailbox[] }) {
  const { times, push: pushing, mail, boxes, mayNotice, onClose } = props;
  const { t } = useLingui();
  const kept = times.times;
  const look = usePushLook(pushing);
  const form = useForm<Values>({
    initial: {
      every: String(kept.everyMin),
      isDaily: kept.fromMin !== kept.toMin,
      from: clock(kept.fromMin === kept.toMin ? 7 * 60 : kept.fromMin),
      to: clock(kept.fromMin === kept.toMin ? 18 * 60 : kept.toMin),
      weekends: kept.weekends,
      mobile: kept.mobile,
      days: String(kept.days),
      folders: boxes.map(({ id }) => id).filter((id) => !kept.without.includes(id)),
      notices: kept.notices,
      push: kept.push,
    },
    validate: ({ isDaily, from, to }) => ({
      ...(isDaily && minutes(from) === null && { from: t`Geben Sie eine Uhrzeit ein.` }),
      ...(isDaily && minutes(to) === null && { to: t`Geben Sie eine Uhrzeit ein.` }),
      ...(isDaily && from === to && { to: t`Beginn und Ende sind gleich.` }),
    }),
    submit: async (chosen) => {
      const { every, isDaily, from, to, weekends, mobile, days, folders, notices, push } = chosen;
      const isGranted = (notices || push) && (await mayNotify());
      const wanted: SyncTimes = {
        everyMin: Number(every),
        fromMin: isDaily ? (minutes(from) ?? 0) : 0,
        toMin: isDaily ? (minutes(to) ?? 0) : 0,
        weekends,
        mobile,
        days: Number(days),
        without: boxes.map(({ id }) => id).filter((id) => !folders.includes(id)),
        notices: notices && isGranted,
        push: push && isGranted,
      };
      const isAsked = wanted.push || kept.push || look?.until != null;
      const outcome = isAsked ? await pushing.keep(wanted) : 'done';
      const isPushed = outcome === 'done' ? wanted.push : kept.push && mayStillHold(outcome);
      await times.choose({ ...wanted, push: isPushed });
      if ((notices || push) && !isGranted) announce('warning', outcomeWords('denied'));
      else if (outcome !== 'done') announce('warning', outcomeWords(outcome));
      else announce('success', t`Gespeichert`);
      onClose();
    },
  });
  const everyWords = (min: number) =>
    min === 0 ? t`Sofort, wenn sich etwas ändert` : t`Alle ${min} Minuten`;
  const daysWords = (days: number) =>
    days === 0 ? t`Alles, was in den Listen steht` : t`${days} Tage`;
  const { values } = form;
  return (
    <Form
      form={form}
      actions={
        <>
          <Button onPress={onClose}>
            <Trans>Abbrechen</Trans>
          </Button>
          <Button onPress={() => void mail.sync().catch(() => undefined)}>
            <Trans>Jetzt abgleichen</Trans>
          </Button>
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Speichern</Trans>
          </Button>
        </>
      }
    >
      <p>
        <Trans>
          Abgeglichen wird nur, solange die Post offen und entsperrt ist. Was Sie selbst senden,
          verschieben oder öffnen, geht immer sofort.
        </Trans>
      </p>
      <Select
        label={t`Von selbst abgleichen`}
        options={EVERY_MIN.map((min) => ({ value: String(min), label: everyWords(min) }))}
        {...form.field('every')}
      />
      <Checkbox
        label={t`Nur zu bestimmten Zeiten`}
        name="isDaily"
        checked={values.isDaily}
        onChange={(isDaily) => form.set('isDaily', isDaily)}
      />
      {values.isDaily && (
        <div className="fa-columns">
          <TextField label={t`Von`} type="time" {...form.field('from')} />
          <TextField label={t`Bis`} type="time" {...form.field('to')} />
        </div>
      )}
      <Checkbox
        label={t`Auch am Wochenende`}
        name="weekends"
        checked={values.weekends}
        onChange={(weekends) => form.set('weekends', weekends)}
      />
      <Checkbox
        label={t`Auch über mobile Daten`}
        name="mobile"
        hint={
          linkKind() === 'unknown'
            ? t`Dieser Browser sagt nicht, ob die Verbindung mobil ist. Die Wahl wirkt hier nicht.`
            : undefined
        }
        checked={values.mobile}
        onChange={(mobile) => form.set('mobile', mobile)}
      />
      <Select
        label={t`Texte im Voraus laden, zurück bis`}
        hint={t`Nur vorausgeladene Texte lassen sich ohne Verbindung lesen und durchsuchen.`}
        options={DAYS_BACK.map((days) => ({ value: String(days), label: daysWords(days) }))}
        {...form.field('days')}
      />
      <CheckboxGroup
        legend={t`Aus diesen Ordnern`}
        name="folders"
        options={boxes.map((box) => ({ value: box.id, label: folderName(box) }))}
        values={values.folders}
        onChange={(folders) => form.set('folders', folders)}
      />
      <Checkbox
        label={t`Auf neue Post hinweisen`}
        name="notices"
        hint={
          mayNotice
            ? t`Solange die Post offen ist und Sie etwas anderes vor sich haben. Der Hinweis nennt weder Absender noch Betreff.`
            : t`Ihre Verwaltung hat das ausgeschaltet.`
        }
        isDisabled={!noticesPossible() || !mayNotice}
        checked={values.notices && mayNotice}
        onChange={(notices) => form.set('notices', notices)}
      />
      <PushCheckbox
        look={look}
        isKept={kept.push}
        checked={values.push}
        onChange={(push) => form.set('push', push)}
      />
    </Form>
  );
}

type PushCheckboxProps = {
  look: PushLook | undefined;
  /** Whether it was wanted before. */
  isKept: boolean;
  checked: boolean;
  onChange: (checked: boolean) => void;
};

function PushCheckbox({ look, isKept, checked, onChange }: PushCheckboxProps) {
  const { t } = useLingui();
  return (
    <Checkbox
      label={t`Auch hinweisen, wenn die Post geschlossen ist`}
      name="push"
      hint={look && [lookWords(look), isKept && untilWords(look)].filter(Boolean).join(' ')}
      // What is on can be switched off, whatever became of it.
      isDisabled={look?.state !== 'possible' && !checked}
      checked={checked}
      onChange={onChange}
    />
  );
}

function usePushLook(push: Pick<Push, 'look'>): PushLook | undefined {
  const [look, setLook] = useState<PushLook>();
  useEffect(() => {
    let isLeft = false;
    void push.look().then((found) => !isLeft && setLook(found));
    return () => {
      isLeft = true;
    };
  }, [push]);
  return look;
}

function lookWords({ state }: PushLook): string {
  switch (state) {
    case 'possible':
      return t`Über den Push-Dienst Ihres Browsers, zu den Zeiten und für die Ordner oben, solange Ihre Anmeldung höchstens gilt. Der Hinweis lautet „Neue Nachricht“, mehr nicht.`;
    case 'unsupported':
      return t`Dieser Browser kann das nicht. Auf iPhone und iPad geht es, sobald die Post auf dem Startbildschirm liegt.`;
    case 'denied':
      return t`Der Browser lässt für diese Seite keine Hinweise zu. Das ändern Sie in seinen Einstellungen.`;
    case 'off':
      return t`Ihre Verwaltung hat diesen Weg nicht freigegeben.`;
    case 'unknown':
      return t`Der Server ist gerade nicht zu erreichen.`;
  }
}

/** Until when this device is told, of whom it is wanted. */
function untilWords({ state, until }: PushLook): string {
  if (state !== 'possible') return '';
  if (!until)
    return t`Zur Zeit geschieht das nicht; beim nächsten Öffnen der Post beginnt es wieder.`;
  const options = { weekday: 'long', hour: '2-digit', minute: '2-digit' } as const;
  const when = new Intl.DateTimeFormat(locale(), options).format(new Date(until));
  return t`Zur Zeit bis ${when}.`;
}

function outcomeWords(outcome: Exclude<PushOutcome, 'done'>): string {
  switch (outcome) {
    case 'denied':
      return t`Der Browser lässt keine Hinweise zu`;
    case 'off':
      return t`Ihre Verwaltung hat Hinweise bei geschlossener Post nicht freigegeben`;
    case 'not_named':
      return t`Den Push-Dienst dieses Browsers hat Ihre Verwaltung nicht freigegeben`;
    case 'too_many':
      return t`Mehr Ihrer Geräte können keine Hinweise bekommen. Schalten Sie sie auf einem anderen aus.`;
    case 'unsupported':
    case 'no_service':
      return t`Dieser Browser erreicht keinen Push-Dienst`;
    case 'no_line':
    case 'unexpected':
      return t`Hinweise bei geschlossener Post ließen sich nicht ändern. Versuchen Sie es später noch einmal.`;
  }
}

/** Whether the server may still tell this device as it did before. */
const mayStillHold = (outcome: PushOutcome) => outcome === 'no_line' || outcome === 'unexpected';

function clock(minute: number): string {
  return [Math.floor(minute / 60), minute % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** Minutes since midnight; null for what is no time of day. */
function minutes(typed: string): number | null {
  const [, hour, minute] = /^(\d\d):(\d\d)/.exec(typed) ?? [];
  if (hour === undefined || minute === undefined) return null;
  const all = Number(hour) * 60 + Number(minute);
  return Number(hour) < 24 && Number(minute) < 60 ? all : null;
}
