import { t } from '@lingui/core/macro';
import { formatMinutes } from '../../../ui/time.tsx';

/** Why a length of time is not possible. */
export function durationFault(least: number, most: number): string {
  const [shortest, longest] = [formatMinutes(least), formatMinutes(most)];
  return t`Möglich sind ${shortest} bis ${longest}.`;
}
