import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import type { Mailbox } from '../features/mail/model.ts';
import { folderName } from '../features/mail/page/words.ts';
import { type KeptTimes, linkKind } from '../features/mail/store/kept-times.ts';
import { DAYS_BACK, EVERY_MIN } from '../features/mail/store/sync-times.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox, CheckboxGroup, Select } from '../ui/choices.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/fields.tsx';
import { Form, useForm } from '../ui/form.tsx';
import { announce } from '../ui/status.tsx';
import { mayNotify, noticesPossible } from './notices.ts';

type Synced = { mailboxes(): Promise<Mailbox[]>; sync(): Promise<void> };
type TimesDialogProps = {
  times: KeptTimes;
  mail: Synced;
  /** Whether the administration lets the page tell of new mail. */
  mayNotice: boolean;
  onClose: () => void;
};

/** When mail is brought here by itself, how much of it, and whether the page tells of new mail. */
export default function TimesDialog({ times, mail, mayNotice, onClose }: TimesDialogProps) {
  const [boxes, setBoxes] = useState<Mailbox[]>();
  useEffect(() => {
    mail.mailboxes().then(setBoxes, onClose);
  }, [mail, onClose]);
  return (
    <Dialog title={<Trans>Abgleich und Hinweise</Trans>} isOpen onClose={onClose}>
      {boxes && (
        <TimesForm
          times={times}
          mail={mail}
          boxes={boxes}
          mayNotice={mayNotice}
          onClose={onClose}
        />
      )}
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
};

function TimesForm(props: TimesDialogProps & { boxes: Mailbox[] }) {
  const { times, mail, boxes, mayNotice, onClose } = props;
  const { t } = useLingui();
  const kept = times.times;
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
    },
    validate: ({ isDaily, from, to }) => ({
      ...(isDaily && minutes(from) === null && { from: t`Geben Sie eine Uhrzeit ein.` }),
      ...(isDaily && minutes(to) === null && { to: t`Geben Sie eine Uhrzeit ein.` }),
      ...(isDaily && from === to && { to: t`Beginn und Ende sind gleich.` }),
    }),
    submit: async ({ every, isDaily, from, to, weekends, mobile, days, folders, notices }) => {
      const isGranted = notices && (await mayNotify());
      await times.choose({
        everyMin: Number(every),
        fromMin: isDaily ? (minutes(from) ?? 0) : 0,
        toMin: isDaily ? (minutes(to) ?? 0) : 0,
        weekends,
        mobile,
        days: Number(days),
        without: boxes.map(({ id }) => id).filter((id) => !folders.includes(id)),
        notices: isGranted,
      });
      if (notices && !isGranted) {
        announce('warning', t`Der Browser lässt keine Hinweise zu`);
      } else {
        announce('success', t`Gespeichert`);
      }
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
    </Form>
  );
}

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
