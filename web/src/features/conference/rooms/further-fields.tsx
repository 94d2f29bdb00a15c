import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { CLASSES, className, lobbiesFrom, lobbyName } from '../../../app/meeting-words.ts';
import { RadioGroup, Select } from '../../../ui/choices.tsx';
import { TextField } from '../../../ui/fields.tsx';
import type { FormState } from '../../../ui/form.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { usualRights, type Values } from './form-values.ts';
import type { Options } from './queries.ts';
import { furtherText, lobbyHeld } from './summary.ts';
import { ALLOWED, allowedName, RIGHTS, rightName, safeguardSentences } from './words.ts';

type FurtherProps = { form: FormState<Values>; options: Options };

/** What stands in here and may be wrong. */
const FIELDS = ['waiting_text', 'zone', 'protection', 'lobby', 'rights'] as const;

/** What mostly stays as it is: folded, with a line of what applies. A fault in it opens it. */
export function FurtherCard({ form, options }: FurtherProps) {
  const [open, setOpen] = useState(false);
  const wrong = FIELDS.some((name) => form.errors[name]);
  return (
    <details
      className="fa-card fa-fold kern-level-2"
      open={open || wrong}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <Icon of={icons.iconKeyboardArrowDown} />
        <span>
          <h2>
            <Trans>Weitere Einstellungen</Trans>
          </h2>
          <span className="fa-muted">{furtherText(form.values, options)}</span>
        </span>
      </summary>
      <div className="fa-fold__content">
        <ProtectionFields form={form} options={options} />
        <RightsFields form={form} options={options} />
        {form.values.kind !== 'personal' && <ZoneField form={form} options={options} />}
      </div>
    </details>
  );
}

function ProtectionFields({ form, options }: FurtherProps) {
  const { t } = useLingui();
  const meaning = (wanted: Values['protection']) =>
    options.classes.find((one) => one.class === wanted)?.safeguards;
  const here = meaning(form.values.protection);
  const lobbies = here ? lobbiesFrom(here.lobby).slice(1) : [];
  const lobby = lobbyHeld(form.values, options);
  const usual = here ? lobbyName(here.lobby) : '';
  const effective = lobby ?? here?.lobby;
  return (
    <section className="fa-stack" aria-labelledby="buchen-schutz">
      <div>
        <h3 id="buchen-schutz">
          <Trans>Schutz</Trans>
        </h3>
        <p className="fa-muted">
          <Trans>
            Die Schutzklasse legt fest, wer wartet, was verschlüsselt und wie lange etwas aufbewahrt
            wird.
          </Trans>
        </p>
      </div>
      <RadioGroup
        legend={t`Schutzklasse`}
        options={CLASSES.map((value) => ({
          value,
          label: className(value).label,
          hint: safeguardsText(meaning(value)),
        }))}
        {...form.field('protection')}
      />
      {lobbies.length > 0 && (
        <Select
          label={t`Wer wartet im Warteraum?`}
          name="lobby"
          value={lobby ?? ''}
          onChange={(next) => form.set('lobby', next)}
          options={[
            { value: '' as const, label: t`wie die Schutzklasse: ${usual}` },
            ...lobbies.map((value) => ({ value, label: lobbyName(value) })),
          ]}
        />
      )}
      {effective !== 'nobody' && (
        <TextField
          label={t`Text im Warteraum`}
          optional
          hint={t`Wer wartet, liest ihn, etwa „Wir beginnen um 9 Uhr“.`}
          limit={options.limits.waiting_text_chars}
          {...form.field('waiting_text')}
        />
      )}
    </section>
  );
}

function RightsFields({ form, options }: FurtherProps) {
  const { t } = useLingui();
  const { kind, rights } = form.values;
  const usual = usualRights(kind, options);
  return (
    <section className="fa-stack" aria-labelledby="buchen-rechte">
      <div>
        <h3 id="buchen-rechte">
          <Trans>Rechte</Trans>
        </h3>
        <p className="fa-muted">
          <Trans>Wer leitet, kann vieles davon auch während der Besprechung ändern.</Trans>
        </p>
      </div>
      <div className="fa-fields fa-fields--rights">
        {RIGHTS.map((right) => {
          const as = usual ? allowedName(usual[right]) : '';
          return (
            <Select
              key={right}
              label={rightName(right)}
              name={`right-${right}`}
              value={rights[right]}
              onChange={(allowed) => form.set('rights', { ...rights, [right]: allowed })}
              options={[
                { value: '' as const, label: t`wie üblich: ${as}` },
                ...ALLOWED.filter((value) => value !== usual?.[right]).map((value) => ({
                  value,
                  label: allowedName(value),
                })),
              ]}
            />
          );
        })}
      </div>
    </section>
  );
}

function ZoneField({ form, options }: FurtherProps) {
  const { t } = useLingui();
  const { zone } = form.values;
  return (
    <section aria-labelledby="buchen-zeitzone" className="fa-stack">
      <h3 id="buchen-zeitzone">
        <Trans>Uhr</Trans>
      </h3>
      <PickOne
        label={t`Zeitzone`}
        name="zone"
        error={form.errors.zone}
        choices={zones(zone, options.time_zone)}
        value={zone}
        onChange={(next) => form.set('zone', next || options.time_zone)}
      />
    </section>
  );
}

const safeguardsText = (safeguards: Parameters<typeof safeguardSentences>[0] | undefined) =>
  safeguards ? safeguardSentences(safeguards).join(' ') : '';

function zones(...first: string[]) {
  const all = new Set([...first, ...Intl.supportedValuesOf('timeZone')]);
  return [...all].filter(Boolean).map((zone) => ({ id: zone, label: zone }));
}
