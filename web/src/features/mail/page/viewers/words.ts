import { t } from '@lingui/core/macro';
import { type FailureKind, Unreadable } from './office/limits.ts';
import type { Remark } from './office/shown.ts';

/** Why a file is not shown, and what to do. */
export function failureText(failure: unknown): { what: string; next: string } {
  const kind: FailureKind = failure instanceof Unreadable ? failure.kind : 'damaged';
  switch (kind) {
    case 'damaged':
      return {
        what: t`Die Datei lässt sich nicht lesen.`,
        next: t`Sie ist beschädigt oder etwas anderes, als ihr Name sagt. Bitten Sie darum, dass sie noch einmal gesendet wird.`,
      };
    case 'too_large':
      return {
        what: t`Die Datei ist zu umfangreich, um sie hier zu zeigen.`,
        next: t`Bitten Sie um eine kleinere oder um einzelne Seiten daraus. Öffnen Sie sie nicht, wenn Sie den Absender nicht kennen.`,
      };
    case 'encrypted':
      return {
        what: t`Die Datei ist mit einem Passwort verschlossen.`,
        next: t`Hier lässt sie sich nicht öffnen. Der Container verschlüsselt sie ohnehin; bitten Sie um eine Fassung ohne Passwort.`,
      };
    case 'old':
      return {
        what: t`Das ist ein Format von vor 2007.`,
        next: t`Es wird hier nicht gezeigt, weil sich darin leicht Schadprogramme verbergen. Bitten Sie um eine PDF- oder eine neuere Office-Datei.`,
      };
    case 'unknown':
      return {
        what: t`Diese Art von Datei wird hier nicht gezeigt.`,
        next: t`Gezeigt werden PDF, Bilder, Texte, Tabellen, Word, Excel, OpenDocument und angehängte Nachrichten.`,
      };
    case 'slow':
      return {
        what: t`Die Datei zu lesen hat zu lange gedauert und wurde abgebrochen.`,
        next: t`Solche Dateien sind oft mit Absicht so gebaut. Öffnen Sie sie nicht, wenn Sie den Absender nicht kennen.`,
      };
  }
}

/** What is to be known of what is not shown, a sentence each. */
export function remarkText(remark: Remark): string {
  switch (remark) {
    case 'shortened':
      return t`Die Datei ist länger. Hier steht ihr Anfang.`;
    case 'macros':
      return t`Die Datei enthält Makros. Sie werden hier nicht ausgeführt.`;
    case 'outside':
      return t`Die Datei wollte etwas aus dem Internet laden. Das ist unterblieben.`;
    case 'pictures':
      return t`Einzelne Bilder werden nicht gezeigt.`;
  }
}
