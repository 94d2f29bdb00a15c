import { useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from './button.tsx';
import * as icons from './icons/index.ts';
import { announce } from './status.tsx';

const CONFIRMED_MS = 2_500;

/** A text to take along: a command, a secret, an address. */
export function CopyField({ value, label }: { value: string; label: string }) {
  const { t } = useLingui();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
      setTimeout(() => setCopied(false), CONFIRMED_MS);
    } catch {
      announce(
        'warning',
        t`Der Browser erlaubt das Kopieren hier nicht.`,
        t`Markieren Sie den Text und drücken Sie Strg+C.`,
      );
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form
    <div className="fa-copy" role="group" aria-label={label}>
      <code>{value}</code>
      <Button
        variant="tertiary"
        small
        icon={copied ? icons.iconCheck : icons.iconContentCopy}
        onPress={() => void copy()}
      >
        {copied ? t`Kopiert` : t`Kopieren`}
      </Button>
    </div>
  );
}
