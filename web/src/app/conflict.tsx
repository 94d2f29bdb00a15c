import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { isProblem } from '../api/problem.ts';
import { Button } from '../ui/button.tsx';
import { RadioGroup } from '../ui/choices.tsx';
import type { FormState } from '../ui/form.tsx';
import { icons } from '../ui/icon.tsx';
import { Alert, Loading } from '../ui/notice.tsx';
import { announce } from '../ui/status.tsx';
import type { Held } from './held.ts';
import { changesOf, excerpts, merged, type Part, type Versions } from './merge.ts';
import { ProblemAlert } from './problem-alert.tsx';

/** What is needed to bring two changes of the same entry together. */
export type Settling<Data, Values> = {
  held: Held<Data>;
  form: Pick<FormState<Values>, 'values' | 'reset'>;
  valuesOf: (data: Data) => Values;
  /** What the form says; where that depends on how it is said, by the versions. */
  parts: readonly Part<Values>[] | ((versions: Versions<Values>) => readonly Part<Values>[]);
};

/**
 * For `<Form failure={…}>` of something that others may change too: nothing is overwritten unseen. Shows what the other changed, keeps what
 * was typed, and lets the person choose where both changed the same. The form's key is `held.filling`.
 */
export function settling<Data, Values extends object>(
  parties: Settling<Data, Values>,
): (failure: unknown) => ReactNode {
  return (failure) =>
    outdated(failure) ? <SettlingAlert {...parties} /> : <ProblemAlert problem={failure} />;
}

const outdated = (failure: unknown) => isProblem(failure, 'outdated', 'conflict');

/** The notice stands at the top of the form, the button that was pressed at its foot: it takes the focus. */
function useSeen(): RefObject<HTMLDivElement | null> {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    ref.current?.focus({ preventScroll: true });
    // The middle, because the house's bar covers what stands at the upper edge.
    ref.current?.scrollIntoView({ block: 'center' });
  }, []);
  return ref;
}

function SettlingAlert<Data, Values extends object>(parties: Settling<Data, Values>) {
  const { t } = useLingui();
  const { held, form, valuesOf } = parties;
  const ref = useSeen();
  const [newest, setNewest] = useState<Data>();
  const [failure, setFailure] = useState<unknown>();
  const [yielded, setYielded] = useState<readonly string[]>([]);
  const ask = () => void held.newest().then(setNewest, setFailure);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once, when the conflict is met
  useEffect(ask, []);
  if (failure !== undefined) return <ProblemAlert problem={failure} />;
  const versions = newest && {
    before: valuesOf(held.data),
    theirs: valuesOf(newest),
    mine: form.values,
  };
  const parts = versions ? partsOf(parties, versions) : [];
  const changes = versions ? changesOf(versions, parts) : [];
  const keep = () => {
    if (!versions) return;
    const next = merged(versions, parts, ({ label }) => yielded.includes(label));
    // The notice goes away under the focus; the next step is to save.
    const save = ref.current?.closest('form')?.querySelector<HTMLElement>('[type=submit]');
    save?.focus();
    held.rebase(newest);
    form.reset(next);
    announce('info', t`Prüfen Sie das Formular, und speichern Sie noch einmal.`);
  };
  return (
    <Alert
      ref={ref}
      tabIndex={-1}
      tone="warning"
      live="assertive"
      title={<Trans>Jemand anderes hat diesen Eintrag inzwischen geändert</Trans>}
      actions={
        <>
          <Button small variant="primary" isDisabled={!newest} onPress={keep}>
            <Trans>Mit meinen Eingaben weiter</Trans>
          </Button>
          <Button small icon={icons.iconRefresh} onPress={held.reload}>
            <Trans>Meine Eingaben verwerfen</Trans>
          </Button>
        </>
      }
    >
      <p>
        <Trans>Gespeichert ist noch nichts. Was Sie eingegeben haben, steht weiter unten.</Trans>
      </p>
      {!versions && <Loading />}
      {versions && changes.length === 0 && (
        <p>
          <Trans>An dem, was in diesem Formular steht, ändert die andere Fassung nichts.</Trans>
        </p>
      )}
      {versions &&
        changes.map(({ part, disputed, entries }, index) => {
          const { label, text } = part;
          if (entries) {
            const [added, gone] = [entries.added.join(', '), entries.gone.join(', ')];
            const said = [
              ...(added ? [t`dazugekommen ${added}`] : []),
              ...(gone ? [t`nicht mehr dabei ${gone}`] : []),
            ].join('; ');
            return (
              <p key={label} className="fa-break">
                <strong>{label}</strong>: {said}
              </p>
            );
          }
          const [was, is, typed] = excerpts(
            [versions.before, versions.theirs, versions.mine].map(text),
            SHOWN_CHARS,
          ).map((shown) => shown || t`nichts`);
          return disputed ? (
            <RadioGroup
              key={label}
              legend={t`${label}: Sie beide haben es geändert`}
              name={`disputed-${index}`}
              options={[
                { value: 'mine', label: t`Ihre Eingabe: ${typed}` },
                { value: 'theirs', label: t`Die andere Fassung: ${is}` },
              ]}
              value={yielded.includes(label) ? 'theirs' : 'mine'}
              onChange={(choice) =>
                setYielded((before) => [
                  ...before.filter((known) => known !== label),
                  ...(choice === 'theirs' ? [label] : []),
                ])
              }
            />
          ) : (
            <p key={label} className="fa-break">
              <Trans>
                <strong>{label}</strong> ist jetzt: {is} (vorher: {was})
              </Trans>
            </p>
          );
        })}
    </Alert>
  );
}

/** Enough to tell two texts apart, where a description fills a page. */
const SHOWN_CHARS = 160;

function partsOf<Data, Values>({ parts }: Settling<Data, Values>, versions: Versions<Values>) {
  return typeof parts === 'function' ? parts(versions) : parts;
}
