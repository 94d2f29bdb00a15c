/** What came from outside as JSON, read without trusting its shape. */
export type Obj = { [name: string]: unknown };

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

export function list<T = Obj>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}

export function object(value: unknown): Obj {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Obj) : {};
}

/** Refers to what an earlier call of the same request answered (RFC 8620, section 3.7). */
export function resultOf(call: number, name: string, path: string): Obj {
  return { resultOf: String(call), name, path };
}
