import { LIMITS } from './limits.ts';
import type { Remarks, Sheet } from './shown.ts';

/** Gathers the cells of a workbook, as many as are shown. */
export class Sheets {
  readonly all: Sheet[] = [];
  readonly #remarks: Remarks;
  #cells = 0;

  constructor(remarks: Remarks) {
    this.#remarks = remarks;
  }

  get isFull(): boolean {
    return this.#cells >= LIMITS.cells;
  }

  /** Begins a sheet; false if there are enough. */
  begin(name: string): boolean {
    if (this.all.length >= LIMITS.sheets || this.isFull) {
      this.#remarks.add('shortened');
      return false;
    }
    this.all.push({ name: name.slice(0, LIMITS.cellChars), columns: 0, rows: [] });
    return true;
  }

  /** Puts a cell's text into the row of this number, counted from 1; the column is counted from 0. */
  put(row: number, column: number, text: string): void {
    const sheet = this.all.at(-1);
    if (!sheet || text === '') return;
    if (this.isFull || column >= LIMITS.columns) {
      this.#remarks.add('shortened');
      return;
    }
    let last = sheet.rows.at(-1);
    if (!last || last.number < row) {
      if (sheet.rows.length >= LIMITS.rows) {
        this.#remarks.add('shortened');
        return;
      }
      last = { number: row, cells: [] };
      sheet.rows.push(last);
    }
    // Rows come in their order; one that does not is no row of a spreadsheet.
    if (last.number !== row) return;
    const before = last.cells.length;
    while (last.cells.length < column) last.cells.push('');
    last.cells[column] =
      text.length > LIMITS.cellChars ? `${text.slice(0, LIMITS.cellChars)} …` : text;
    sheet.columns = Math.max(sheet.columns, last.cells.length);
    // Empty cells in front take room, too.
    this.#cells += Math.max(1, last.cells.length - before);
  }
}
