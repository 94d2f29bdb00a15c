import { Trans } from '@lingui/react/macro';
import { useDeferredValue } from 'react';
import { locale } from '../../../i18n/index.ts';
import { useNames } from './names.ts';
import { type RuleForm, ruleSentence } from './sentence.ts';

/** What the rule means, said again with every change. Readers hear it once the typing pauses. */
export function SentenceBox({ form, live = false }: { form: RuleForm; live?: boolean }) {
  const names = useNames();
  const { text, complete } = ruleSentence(useDeferredValue(form), names, locale());
  const tone = !complete ? 'fa-sentence--open' : form.effect === 'deny' ? 'fa-sentence--deny' : '';
  return (
    <p className={`fa-sentence ${tone}`} {...(live && { role: 'status' })}>
      {live && (
        <span className="kern-sr-only">
          <Trans>Das bedeutet die Regel:</Trans>{' '}
        </span>
      )}
      {text}
    </p>
  );
}
