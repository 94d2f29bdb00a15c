import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Loaded } from '../../../app/loaded.tsx';
import { WordBadge } from '../../../app/word.tsx';
import { locale } from '../../../i18n/index.ts';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { SearchField } from '../../../ui/fields.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, Badge, EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { useSearchText } from '../parts/url-state.ts';
import { rulesQuery } from '../queries.ts';
import { effectWord } from '../words.ts';
import { useNames } from './names.ts';
import { type Names, ruleSentence } from './sentence.ts';

type Rule = Schema<'Rule'>;

/** All rules, each said in a sentence: who may reach what, at a glance. */
export function RulesPage() {
  const { t } = useLingui();
  const rules = useQuery(rulesQuery);
  const names = useNames();
  const search = useSearchText();
  return (
    <Page
      title={t`Regeln`}
      lead={
        <Trans>
          Erlaubt ist nur, was eine Regel erlaubt. Verweigert eine Regel etwas, gilt das vor allen
          anderen.
        </Trans>
      }
      actions={
        <>
          <ButtonLink to="/verwaltung/warum" icon={icons.iconHelp}>
            <Trans>Warum?</Trans>
          </ButtonLink>
          <ButtonLink to="/verwaltung/regeln/neu" variant="primary" icon={icons.iconAdd}>
            <Trans>Regel schreiben</Trans>
          </ButtonLink>
        </>
      }
    >
      <Loaded query={rules}>
        {(data) => {
          const shown = data.filter((rule) => holds(rule, names, search.value));
          if (data.length === 0) return <NoRules />;
          return (
            <>
              <div className="fa-table-bar">
                <SearchField
                  {...search}
                  label={t`Regeln durchsuchen`}
                  placeholder={t`Name, Gruppe oder Ziel`}
                />
              </div>
              {shown.length === 0 ? (
                <EmptyState icon={icons.iconSearch} title={<Trans>Nichts gefunden</Trans>} />
              ) : (
                <ul className="fa-rules">
                  {shown.map((rule) => (
                    <RuleItem key={rule.id} rule={rule} names={names} />
                  ))}
                </ul>
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function NoRules() {
  return (
    <>
      <Alert tone="info" title={<Trans>Ohne Regel ist nichts erreichbar</Trans>} />
      <EmptyState
        icon={icons.iconRule}
        title={<Trans>Noch keine Regel</Trans>}
        actions={
          <ButtonLink to="/verwaltung/regeln/neu" variant="primary" icon={icons.iconAdd}>
            <Trans>Erste Regel schreiben</Trans>
          </ButtonLink>
        }
      >
        <p>
          <Trans>
            Eine Regel sagt zum Beispiel: Die Gruppe „Bauamt“ darf „Terminalserver“ nutzen, mit
            zweitem Faktor, montags bis freitags von 6 bis 20 Uhr.
          </Trans>
        </p>
      </EmptyState>
    </>
  );
}

function RuleItem({ rule, names }: { rule: Rule; names: Names }) {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(['admin']);
  const on = rule.enabled ?? true;
  const change = (enabled: boolean) =>
    must(
      api.PUT('/api/v1/admin/rules/{id}', {
        params: { path: { id: rule.id } },
        body: { version: rule.version, name: rule.name, body: rule.body, enabled },
      }),
    );
  const allows = rule.body.kind === 'expert' || rule.body.form.effect === 'allow';
  const toggle = () =>
    ask(
      on
        ? {
            title: t`Regel „${rule.name}“ ausschalten?`,
            text: (
              <p>
                {allows ? (
                  <Trans>
                    Was nur diese Regel erlaubt, ist danach nicht mehr erreichbar. Laufende
                    Verbindungen enden innerhalb von fünf Sekunden.
                  </Trans>
                ) : (
                  <Trans>Was diese Regel verweigert, kann danach erreichbar werden.</Trans>
                )}
              </p>
            ),
            action: t`Regel ausschalten`,
            danger: true,
            deed: () => change(false),
            done: t`„${rule.name}“ ist ausgeschaltet.`,
          }
        : {
            title: t`Regel „${rule.name}“ einschalten?`,
            text: (
              <p>
                <Trans>Sie gilt dann sofort, auch für laufende Verbindungen.</Trans>
              </p>
            ),
            action: t`Regel einschalten`,
            deed: () => change(true),
            done: t`„${rule.name}“ gilt jetzt.`,
          },
    );
  return (
    <li className="fa-rule kern-level-2" data-off={!on || undefined}>
      <div className="fa-rule__head">
        <h2>
          <Link to="/verwaltung/regeln/$id" params={{ id: rule.id }}>
            {rule.name}
          </Link>
        </h2>
        {rule.body.kind === 'form' ? (
          <WordBadge word={effectWord(rule.body.form.effect)} />
        ) : (
          <Badge tone="info" icon={icons.iconCode}>
            Cedar
          </Badge>
        )}
        {!on && (
          <Badge tone="neutral" icon={icons.iconStopCircle}>
            <Trans>ausgeschaltet</Trans>
          </Badge>
        )}
        <span className="fa-rule__action">
          <Button
            small
            variant="tertiary"
            onPress={toggle}
            aria-label={on ? t`„${rule.name}“ ausschalten` : t`„${rule.name}“ einschalten`}
          >
            {on ? <Trans>Ausschalten</Trans> : <Trans>Einschalten</Trans>}
          </Button>
        </span>
      </div>
      <p>{sentenceOf(rule, names) ?? <Trans>Von Hand in Cedar geschrieben.</Trans>}</p>
      {dialog}
    </li>
  );
}

function sentenceOf({ body }: Rule, names: Names): string | undefined {
  return body.kind === 'form' ? ruleSentence(body.form, names, locale()).text : undefined;
}

function holds(rule: Rule, names: Names, search: string): boolean {
  const text = `${rule.name} ${sentenceOf(rule, names) ?? rule.cedar}`.toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
