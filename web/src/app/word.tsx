import { Badge, StateText } from '../ui/notice.tsx';
import type { Word } from './device-words.ts';

/** A state beside a name. */
export function WordBadge({ word }: { word: Word }) {
  return (
    <Badge tone={word.tone} {...(word.icon && { icon: word.icon })}>
      {word.label}
    </Badge>
  );
}

/** A state in running text. */
export function WordText({ word }: { word: Word }) {
  return (
    <StateText tone={word.tone} {...(word.icon && { icon: word.icon })}>
      {word.label}
    </StateText>
  );
}
