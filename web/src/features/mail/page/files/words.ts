import { t } from '@lingui/core/macro';
import { isFault } from '../../container/index.ts';
import { sizeText } from '../words.ts';
import { FilesFault, MAX_FILES, MAX_FILES_BYTES } from './own-files.ts';

/** What went wrong in the files area, and what to do now. */
export function filesFaultText(fault: unknown): string {
  if (fault instanceof FilesFault) {
    switch (fault.kind) {
      case 'too_many':
        return t`Die Ablage fasst ${MAX_FILES} Dateien. Löschen Sie, was Sie nicht mehr brauchen.`;
      case 'too_large':
        return t`Die Ablage fasst ${sizeText(MAX_FILES_BYTES)}. Löschen Sie, was Sie nicht mehr brauchen.`;
      case 'no_name':
        return t`Geben Sie der Datei einen Namen.`;
      case 'not_found':
        return t`Diese Datei gibt es nicht mehr.`;
    }
  }
  if (isFault(fault, 'quota')) {
    return t`Auf diesem Gerät ist kein Platz mehr. Löschen Sie Dateien oder räumen Sie das Gerät auf.`;
  }
  return t`Das hat nicht geklappt. Versuchen Sie es noch einmal.`;
}
