/** What was wrong with one field of a request. */
export type ProblemField = {
  path: string;
  code: string;
  detail: string;
  /** Values that belong in the sentence. */
  params: Readonly<Record<string, string>>;
};

/** The server refused a request and said why (`application/problem+json`). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    /** A stable word for the fault, such as `sign_in_failed`. */
    readonly code: string,
    readonly detail: string,
    readonly params: Readonly<Record<string, string>> = {},
    readonly fields: readonly ProblemField[] = [],
  ) {
    super(`${code}: ${detail}`);
    this.name = 'ApiProblem';
  }

  /** The server asks to wait this long. */
  get retryAfterSeconds(): number | undefined {
    const seconds = Number(this.params.retry_after_s);
    return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
  }
}

/** The server could not be reached at all. */
export class LineProblem extends Error {
  constructor() {
    super('the server cannot be reached');
    this.name = 'LineProblem';
  }
}

/** Reads a refusal; whatever is not problem+json becomes `unexpected` with its status. */
export function problemOf(status: number, body: unknown): ApiProblem {
  const record = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const code = typeof record.code === 'string' ? record.code : 'unexpected';
  const detail = typeof record.detail === 'string' ? record.detail : '';
  return new ApiProblem(status, code, detail, stringsOf(record.params), fieldsOf(record.fields));
}

/** Whether an error is the server's refusal with one of these codes. */
export function isProblem(error: unknown, ...codes: string[]): error is ApiProblem {
  return error instanceof ApiProblem && (codes.length === 0 || codes.includes(error.code));
}

function stringsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, String(entry)]));
}

function fieldsOf(value: unknown): ProblemField[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(
      (entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null,
    )
    .map((entry) => ({
      path: String(entry.path ?? ''),
      code: String(entry.code ?? ''),
      detail: String(entry.detail ?? ''),
      params: stringsOf(entry.params),
    }));
}
