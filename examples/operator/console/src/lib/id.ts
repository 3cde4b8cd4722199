/** 128 random bits. `crypto.randomUUID` exists only in secure contexts. */
export function randomId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return prefix + [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
