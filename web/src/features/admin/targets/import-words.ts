import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import { fieldText } from '../../../api/problem-text.ts';

/** What is wrong with a line of a table, and in which column. */
export function faultText({ column, code, params }: Schema<'ImportFault'>): string {
  const what = byColumn(column ?? '', code) ?? byCode(code) ?? fieldText(code, params);
  return column ? t`Spalte „${column}“: ${what}` : what;
}

function byColumn(column: string, code: string): string | undefined {
  if (code !== 'invalid') return undefined;
  switch (column) {
    case 'kind':
      return t`Möglich sind rdp, web, ssh und tcp.`;
    case 'port':
      return t`Der Port ist eine Zahl zwischen 1 und 65535.`;
    case 'host':
      return t`Das ist kein Rechnername und keine Adresse.`;
    case 'label':
      return t`Möglich sind Kleinbuchstaben, Ziffern und Bindestriche.`;
    case 'icon':
      return t`Dieses Bild gibt es nicht.`;
    case 'start_path':
      return t`Der Pfad beginnt mit einem Schrägstrich.`;
    default:
      return t`Schreiben Sie „ja“ oder „nein“.`;
  }
}

function byCode(code: string): string | undefined {
  switch (code) {
    case 'required':
      return t`Die Angabe fehlt.`;
    case 'too_many':
      return t`Das sind zu viele auf einmal.`;
    case 'taken':
      return t`Das ist schon vergeben.`;
    case 'reserved':
      return t`Diese Kurzadresse braucht Fernamt selbst.`;
    case 'unknown_column':
      return t`Diese Spalte gibt es nicht.`;
    case 'doubled_column':
      return t`Diese Spalte steht zweimal in der Kopfzeile.`;
    case 'missing_column':
      return t`Diese Spalte fehlt in der Kopfzeile.`;
    case 'doubled':
      return t`Dieser Name steht schon in einer Zeile darüber.`;
    case 'too_many_rows':
      return t`Die Tabelle hat mehr als 5.000 Zeilen.`;
    case 'too_many_cells':
      return t`Die Zeile hat mehr Spalten als die Kopfzeile.`;
    case 'malformed':
      return t`Die Zeile ist nicht als CSV lesbar. Vielleicht fehlt ein Anführungszeichen.`;
    case 'encoding':
      return t`Speichern Sie die Tabelle als CSV in UTF-8 oder Windows-1252.`;
    case 'empty':
      return t`Die Tabelle hat keine Zeilen.`;
    default:
      return undefined;
  }
}
