/** Of `GET me`. Only in memory: a page that is loaded anew asks again. */
let csrfToken = '';

export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** For writes with the cookie of a login. */
export function csrfHeaders(): Record<string, string> {
  return csrfToken ? { 'X-CSRF-Token': csrfToken } : {};
}
