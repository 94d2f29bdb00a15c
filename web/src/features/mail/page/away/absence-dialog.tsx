import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { Checkbox } from '../../../../ui/choices.tsx';
import { Dialog } from '../../../../ui/dialog.tsx';
import { fieldId, TextAreaField, TextField } from '../../../../ui/fields.tsx';
import { Alert, Loading } from '../../../../ui/notice.tsx';
import type { Absence } from '../../model.ts';
import { useMailPage } from '../context.ts';
import { useAsked, useMailStatus } from '../use-asked.ts';
import { faultText } from '../words.ts';
import { daysOf, isOver, momentsOf } from './days.ts';
import './away.css';

const MAX_SUBJECT_CHARS = 120;
const MAX_TEXT_CHARS = 8_000;
const OFF: Absence = {
  on: false,
  fromMs: null,
  untilMs: null,
  subject: '',
  text: '',
  answersOutside: true,
  outsideText: null,
};

/** From when to when others get an answer by themselves, and which. */
export function AbsenceDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const { mail } = useMailPage();
  const asked = useAsked(mail, 'absence', () => mail.absence());
  const known = asked.fault !== undefined || asked.data !== undefined;
  if (known) return <Form first={asked.data ?? OFF} onClose={onClose} />;
  return (
    <Dialog title={t`Abwesenheit`} isOpen onClose={onClose}>
      <Loading />
    </Dialog>
  );
}

function Form({ first, onClose }: { first: Absence; onClose: () => void }) {
  const { t } = useLingui();
  const { mail, account, tell } = useMailPage();
  const { line } = useMailStatus(mail);
  // What changes elsewhere must not change what is being written.
  const [begun] = useState(first);
  const [on, setOn] = useState(begun.on);
  const [days, setDays] = useState(() => daysOf(begun));
  const [subject, setSubject] = useState(begun.subject);
  const [text, setText] = useState(begun.text);
  const [silent, setSilent] = useState(!begun.answersOutside);
  const [other, setOther] = useState(begun.outsideText !== null);
  const [outside, setOutside] = useState(begun.outsideText ?? '');
  const [tried, setTried] = useState(false);
  const [pending, setPending] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const offline = line === 'offline';
  // Without the feature one that is on can be ended, and nothing else.
  const endsOnly = !offline && account.without?.includes('absence') === true;
  const shut = offline || endsOnly;
  const badDays = days.first && days.last && days.last < days.first;
  const isPast = isOver({ on, ...momentsOf(days) }, Date.now());
  const badText = on && !text.trim();
  const badOutside = on && other && !silent && !outside.trim();

  const save = async () => {
    setTried(true);
    const wrong =
      badDays || isPast
        ? 'mail-away-last'
        : badText
          ? 'mail-away-text'
          : badOutside
            ? 'mail-away-outside'
            : null;
    if (wrong) {
      document.getElementById(fieldId(wrong))?.focus();
      return;
    }
    setPending(true);
    setFault(undefined);
    try {
      const outsideText = (other && outside.trim()) || null;
      await mail.setAbsence({
        on,
        ...momentsOf(days),
        subject,
        text,
        answersOutside: !silent,
        outsideText,
      });
      tell({ text: on ? t`Abwesenheitsnotiz eingeschaltet` : t`Abwesenheitsnotiz ausgeschaltet` });
      onClose();
    } catch (reason) {
      setFault(reason);
    } finally {
      setPending(false);
    }
  };
  return (
    <Dialog
      title={t`Abwesenheit`}
      isOpen
      onClose={onClose}
      wide
      footer={
        <>
          <Button onPress={onClose}>{offline ? t`Schließen` : t`Abbrechen`}</Button>
          {!offline && (
            <Button
              variant="primary"
              pending={pending}
              isDisabled={endsOnly && on}
              onPress={() => void save()}
            >
              <Trans>Speichern</Trans>
            </Button>
          )}
        </>
      }
    >
      <div className="fa-stack fa-away">
        {endsOnly && (
          <Alert
            tone="info"
            title={<Trans>Ihre Verwaltung hat Abwesenheitsnotizen abgeschaltet</Trans>}
          >
            <p>
              <Trans>
                Diese gilt weiter, bis sie endet. Ändern lässt sie sich nicht, aber ausschalten:
                Nehmen Sie den Haken weg und speichern Sie.
              </Trans>
            </p>
          </Alert>
        )}
        {offline && (
          <Alert
            tone="info"
            title={<Trans>Ohne Verbindung lässt sich die Notiz nicht ändern</Trans>}
          >
            <p>
              <Trans>
                Der Server beantwortet Ihre Post, nicht dieses Gerät. Hier steht, was er zuletzt
                wusste.
              </Trans>
            </p>
          </Alert>
        )}
        {fault !== undefined && (
          <Alert tone="danger" live="assertive" title={faultText(fault).what}>
            <p>{faultText(fault).next}</p>
          </Alert>
        )}
        <Checkbox
          name="mail-away-on"
          label={t`Eingehende Nachrichten beantworten`}
          hint={t`Jede Person bekommt Ihre Antwort nur einmal.`}
          checked={on}
          isDisabled={offline}
          onChange={setOn}
        />
        <div className="fa-away__days">
          <TextField
            type="date"
            name="mail-away-first"
            label={t`Erster Tag`}
            optional
            value={days.first}
            isDisabled={shut}
            onChange={(value) => setDays({ ...days, first: value })}
          />
          <TextField
            type="date"
            name="mail-away-last"
            label={t`Letzter Tag`}
            optional
            value={days.last}
            isDisabled={shut}
            error={
              !tried
                ? undefined
                : badDays
                  ? t`Er liegt vor dem ersten Tag.`
                  : isPast
                    ? t`Er ist schon vorbei. Wählen Sie einen späteren Tag, oder schalten Sie die Antwort aus.`
                    : undefined
            }
            onChange={(value) => setDays({ ...days, last: value })}
          />
        </div>
        <TextField
          name="mail-away-subject"
          label={t`Betreff der Antwort`}
          hint={t`Leer: der Betreff der Nachricht, die beantwortet wird.`}
          optional
          value={subject}
          maxLength={MAX_SUBJECT_CHARS}
          isDisabled={shut}
          onChange={setSubject}
        />
        <TextAreaField
          name="mail-away-text"
          label={t`Antwort`}
          rows={6}
          value={text}
          maxLength={MAX_TEXT_CHARS}
          isDisabled={shut}
          autoComplete="off"
          error={tried && badText ? t`Schreiben Sie, was die anderen erfahren sollen.` : undefined}
          onChange={setText}
        />
        <Checkbox
          name="mail-away-other"
          label={t`Nach außen ein anderer Text`}
          hint={t`Außen sind alle, deren Adresse nicht zum Haus gehört.`}
          checked={other}
          isDisabled={shut || silent}
          onChange={setOther}
        />
        {other && !silent && (
          <TextAreaField
            name="mail-away-outside"
            label={t`Antwort nach außen`}
            rows={6}
            value={outside}
            maxLength={MAX_TEXT_CHARS}
            isDisabled={shut}
            autoComplete="off"
            error={
              tried && badOutside ? t`Schreiben Sie, was die anderen erfahren sollen.` : undefined
            }
            onChange={setOutside}
          />
        )}
        <Checkbox
          name="mail-away-silent"
          label={t`Nach außen nicht antworten`}
          checked={silent}
          isDisabled={shut}
          onChange={setSilent}
        />
      </div>
    </Dialog>
  );
}
