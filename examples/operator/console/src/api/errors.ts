interface Mistake {
  loc?: (string | number)[];
  msg?: string;
  /** The range of a number that is out of it. */
  ctx?: { ge: number; le: number };
}

/** What the backend says when it refuses or fails. Every member is optional in some answer. */
export interface ErrorBody {
  error?: string;
  /** Of a conflict: the window that is open. */
  window?: unknown;
  status?: string;
  message?: string;
  reason?: string;
  service?: string;
  module?: string;
  recommended_action?: string;
  correlation_id?: string;
  /** Of a window that a rule of the gateway refuses. */
  max_ttl_sec?: number;
  available_at?: string;
  detail?: Mistake[];
}

export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly body: ErrorBody,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(messageOf(status, body));
  }

  /** Refused by a policy, rather than failed. */
  get offByPolicy(): boolean {
    return this.body.status === 'OFF_BY_POLICY';
  }

  get recommendedAction(): string | undefined {
    return this.body.recommended_action;
  }

  get correlationId(): string | undefined {
    return this.body.correlation_id;
  }
}

/** The backend did not answer at all. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';

  constructor() {
    super('The backend cannot be reached');
  }
}

const byStatus: Record<number, string> = {
  401: 'The login has expired',
  403: 'This is not permitted',
  404: 'Not found',
  409: 'This conflicts with the current state',
  413: 'This is too large',
  429: 'Too many requests',
  502: 'The gateway’s answer cannot be understood',
  503: 'The service is not available',
  504: 'The service has not answered in time; the command may still be carried out',
};

/** What the console calls the members of a request. */
const labels: Record<string, string> = {
  message: 'Message',
  mode: 'Time',
  reason: 'Reason',
  services: 'Services',
  token: 'Token',
  ttl_sec: 'Minutes',
};

function textOfMistake({ loc = [], msg = '', ctx }: Mistake): string {
  const place = loc.slice(1);
  const label = labels[String(place[0])] ?? place.join('.');
  if (place[0] === 'ttl_sec' && ctx) return `${label}: a window lasts from ${inMinutes(ctx.ge)} to ${inMinutes(ctx.le)}`;
  return label ? `${label}: ${msg}` : msg;
}

/** Whole minutes, as people enter them, or else seconds. */
function inMinutes(seconds: number): string {
  const [count, unit] = seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function messageOf(status: number, body: ErrorBody): string {
  const mistake = Array.isArray(body.detail) ? body.detail[0] : undefined;
  if (mistake?.msg) return textOfMistake(mistake);
  return body.message ?? byStatus[status] ?? `The backend answered with status ${status}`;
}

export async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const after = Number(response.headers.get('Retry-After') ?? NaN);
  const fields = typeof body === 'object' && body !== null ? (body as ErrorBody) : {};
  return new ApiError(response.status, fields, Number.isNaN(after) ? null : after);
}

export function isExpiredLogin(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** The login has ended, or this page's CSRF token is that of an earlier login. */
export function isRefusedLogin(error: unknown): boolean {
  return isExpiredLogin(error) || (error instanceof ApiError && error.body.error === 'csrf_token');
}

export function isLackingScope(error: unknown): boolean {
  return error instanceof ApiError && error.body.error === 'insufficient_scope';
}

/** Whether a command may have been carried out although its answer is no success. */
export function isOpenOutcome(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ApiError && [502, 504].includes(error.status));
}

/** Whether the same request may succeed later without a change by a person. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof ApiError && (error.status >= 500 || error.status === 429);
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Unknown error';
}
