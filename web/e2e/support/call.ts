import type { Page } from 'playwright-core';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Calls the API as the page's own script does, to prepare what a story is not about. */
export async function call<Answer>(
  page: Page,
  method: Method,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const { status, text } = await page.evaluate(
    async (wanted) => {
      const response = await fetch(`/api/v1${wanted.path}`, {
        method: wanted.method,
        ...(wanted.body !== undefined && {
          body: JSON.stringify(wanted.body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      return { status: response.status, text: await response.text() };
    },
    { method, path, body },
  );
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as Answer;
}
