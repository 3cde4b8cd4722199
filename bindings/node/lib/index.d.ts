/** vx11: try an ordered list of upstreams until one answers, behind circuit breakers. */

/** The version of the library. */
export const version: string;

/** A failure. `code` is a stable identifier, `upstream` the name of the one concerned, or "". */
export class VX11Error extends Error {
  constructor(code: Code, detail?: string, upstream?: string, retryAfterMs?: number);
  readonly code: Code;
  readonly detail: string;
  readonly upstream: string;
  /** The delay before a retry makes sense; 0 if unknown. */
  readonly retryAfterMs: number;
}

export type Code =
  | 'invalid_argument' | 'unreachable' | 'timeout' | 'cancelled' | 'circuit_open' | 'asleep'
  | 'http_status' | 'invalid_reply' | 'too_large' | 'storage' | 'unavailable' | 'no_memory' | 'internal'
  | 'rejected' | 'address_unavailable' | 'exhausted';

/** No target answered. */
export class ChatFailed extends VX11Error {
  readonly attempts: Attempt[];
}

/** A breaker rejected the call; nothing was sent. */
export class CircuitOpen extends VX11Error {
  constructor(retryAfterMs: number, upstream?: string);
}

/** Timeout and cancellation of a call. Aborting rejects it with the signal's reason. */
export interface CallOptions {
  /** Timeout of the call, from the moment it is made. Undefined, null and Infinity: only the timeouts
   *  of the options. */
  timeoutMs?: number | null;
  /** @deprecated since 0.2: timeoutMs */
  limitMs?: number;
  signal?: AbortSignal;
}

export type CircuitState = 'closed' | 'open' | 'half_open';

export interface CircuitBreakerOptions {
  /** Consecutive failures that open it, without `trip`. Default 3. */
  failuresToOpen?: number;
  /** Default 60000. */
  openForMs?: number;
  /** Calls let through while half-open. Default 1. */
  probes?: number;
  /** A probe without an outcome expires after this time. Default 30000. */
  probeTimeoutMs?: number;
  /** @deprecated since 0.2: probeTimeoutMs */
  probeLimitMs?: number;
  /** Opens it for the share of failures in a window, in place of consecutive failures. */
  trip?: CountWindow | TimeWindow;
  /** Probes that have to succeed to close it. Default: all. */
  probesToClose?: number;
  /** Each consecutive reopening lasts `factor` times as long as the one before, up to `atMostMs`, times
   *  a random number between the two of `jitter`. Default: the same time. */
  growth?: { factor?: number; atMostMs?: number; jitter?: { from?: number; to?: number } };
  /** Whether an error counts as a failure; an AbortError never does. Default: all but rejections further
   *  in, such as CircuitOpen. */
  isFailure?: (error: unknown) => boolean;
}

/** When a call is slow, and which share of slow calls in a window opens the circuit. */
export interface SlowCalls {
  /** From the permit to the outcome. Default 5000. */
  afterMs?: number;
  /** Default 1: all of them. */
  rate?: number;
}

interface AnyWindow {
  /** Fewer calls than this never open it. Default 20. */
  minimumCalls?: number;
  /** The share of failures that opens it. Default 0.5. */
  failureRate?: number;
  /** Default: slow calls do not open it. */
  slow?: SlowCalls;
}

/** Judges the last `size` calls, by default 100. */
export interface CountWindow extends AnyWindow {
  window: 'count';
  size?: number;
}

/** Judges the calls of the last `spanMs`, by default 60000; the span moves in `buckets` steps, by default 10. */
export interface TimeWindow extends AnyWindow {
  window: 'time';
  spanMs?: number;
  buckets?: number;
}

/** Permission for one call. Only the first outcome counts; without one it is neutral. */
export interface Permit {
  success(): void;
  failure(): void;
  neutral(): void;
}

/** Rejects calls to an upstream that keeps failing. */
export class CircuitBreaker {
  constructor(options?: CircuitBreakerOptions);
  /** Requests permission for one call. Throws CircuitOpen if it is rejected. */
  acquire(): Permit;
  /** Makes one call and counts its outcome. */
  run<T>(work: () => T | Promise<T>): Promise<T>;
  /** Wraps a function, so that every call passes the breaker. */
  guard<A extends unknown[], T>(work: (...args: A) => T | Promise<T>): (...args: A) => Promise<T>;
  readonly state: CircuitState;
  /** Who controls the state: the breaker, or the program by one of the following calls. */
  readonly mode: 'automatic' | 'isolated' | 'forced_closed' | 'disabled' | 'metrics_only';
  /** Holds it open: every call is rejected. */
  isolate(): void;
  /** Holds it closed: every call passes and is counted. */
  forceClose(): void;
  /** Every call passes, none is counted. */
  disable(): void;
  /** Every call passes; calls and would-be openings are counted. */
  metricsOnly(): void;
  /** Returns to automatic mode: closed, all counts zero. No effect if already automatic. */
  automatic(): void;
  /** Resets to the initial state: automatic, closed, all counts zero. */
  reset(): void;
  snapshot(): { state: CircuitState; generation: number; failures: number; retry_after_ms: number };
}

export type HeaderPairs = Array<[name: string, value: string]>;

/** The request that a transport has to send. */
export interface TransportRequest {
  method: string;
  origin: string;
  target: string;
  headers: HeaderPairs;
  body: Buffer;
  /** The remaining time; undefined if there is no timeout. */
  remainingMs?: number;
}

export interface TransportResponse {
  /** Default 200. */
  status?: number;
  headers?: HeaderPairs;
  body?: string | Uint8Array;
}

/** HTTP and HTTPS over sockets, on one thread of the library. */
export class HttpTransport {
  constructor(options?: {
    /** Timeout of a connection attempt. Default 1000. */
    connectTimeoutMs?: number;
    /** @deprecated since 0.2: connectTimeoutMs */
    connectLimitMs?: number;
    /** The longest time between two parts of a streamed response. Default 30000. */
    betweenChunksTimeoutMs?: number;
    /** From the request to the first byte of the response. Default: only the call's. */
    firstByteTimeoutMs?: number;
    maxBodyBytes?: number;
    /** PEM: the authorities to trust. Default: the system's. */
    caFile?: string;
    /** PEM: the certificate for servers that ask for one, and its key. */
    certificateFile?: string;
    keyFile?: string;
    /** The server's key must be one of these: `sha256//` and the base64 of the SHA-256 of the public
     *  key, as `curl --pinnedpubkey` takes them. Default: any key. */
    pins?: string[];
  });
}

/** Sends through a function called on the main thread. A VX11Error keeps its code; any other
 *  exception counts as unreachable. */
export class FunctionTransport {
  constructor(send: (request: TransportRequest) => TransportResponse | Promise<TransportResponse>);
}

export type Transport = HttpTransport | FunctionTransport;

/** A dialect of your own: a POST of `body` to `path`. */
export interface DialectDescription {
  path: string;
  /** The texts "{message}", "{session_id}", "{user_id}", "{mode}", "{context_summary}" and
   *  "{metadata}" in it are replaced by the chat's. */
  body: Record<string, unknown>;
  /** The JSON pointer (RFC 6901) to the answer in the reply: "/choices/0/message/content". */
  text: string;
}

export interface Target {
  /** Unique within the router. */
  name: string;
  url: string;
  /** Default: a shared HttpTransport. */
  transport?: Transport;
  /** Default: one of its own. */
  breaker?: CircuitBreaker;
  /** The API of the target. A path in `url` is the base path of "openai", "ollama" and "anthropic", by
   *  default /v1, of "ollama" none. Default: chosen by the name, if that is "switch" or "madre". */
  dialect?: 'openai' | 'ollama' | 'anthropic' | 'switch' | 'madre' | DialectDescription;
  /** Required for "ollama" and "anthropic". */
  model?: string;
  /** Sent as the API has it, unless `headers` has that header. */
  key?: string;
  systemPrompt?: string;
  /** How much of a chat's history is sent, in tokens of 4 bytes. Default 4096. */
  historyTokens?: number;
  /** For "anthropic": the limit of an answer. Default 4096. */
  maxTokens?: number;
  /** For "openai": the whole path and query of requests, in place of a path in `url`. */
  path?: string;
  /** Members of each request, such as `{ temperature: 0.2 }`. */
  extra?: Record<string, unknown>;
  /** Targets that follow one another with the same group are one step of the router: one of them is
   *  chosen for each chat. */
  group?: string;
  /** Its share within the group, 1 to 1000. Default 1. */
  weight?: number;
  /** Timeout of one try, of a stream to its first piece. Default 15000. */
  tryTimeoutMs?: number;
  /** Timeout of the whole call, of a stream to its end. Default: none. */
  totalTimeoutMs?: number;
  /** @deprecated since 0.2: tryTimeoutMs */
  limitMs?: number;
  /** When it has not answered after this time (a stream: sent no piece), the next target is asked beside
   *  it, and the first good answer is taken; 0: never. Default: three times the 95th percentile of its
   *  last answers, at least 4000. A router with a FunctionTransport asks one after another. */
  fallbackAfterMs?: number;
  headers?: Record<string, string>;
}

/** What an answer outside 2xx leads to; the first rule that applies counts. */
export interface FallbackRule {
  /** Default: every status outside 2xx, which needs a `when`. */
  statuses?: number[];
  /** A further condition: the chat is longer than the model's context, or its content filter refuses it,
   *  as model servers say it. */
  when?: 'context_too_long' | 'content_refused';
  /** A group, or a target without one, after that which answered; those between are passed by. Default:
   *  the answer is final, and the ask fails with it. */
  next?: string;
}

/** A target beside the others that gets copies of chats. Its answers are dropped; `Router.breaker` shows
 *  how it does. */
export interface Shadow {
  /** With a name of its own. Its transport is an HttpTransport. */
  target: Target;
  /** The share of chats that are copied. Default 0.01. */
  share?: number;
  /** Copies under way at a time; further chats are not copied. Default 8. */
  maxInFlight?: number;
}

/** How the targets of one group share their chats. */
export interface Group {
  name: string;
  /** "peak_ewma", the default, takes the fastest of two random targets; "sticky_session" the same target
   *  for all chats of a session. */
  policy?: 'peak_ewma' | 'weighted_round_robin' | 'least_in_flight' | 'sticky_session';
  /** For "peak_ewma" only. Default 10000. */
  decayMs?: number;
  /** For "peak_ewma" only. Default 5000. */
  failureCostMs?: number;
  /** How many of its targets are asked for one chat at most. Default 2. */
  maxTargets?: number;
  /** How long a target that answers 429 or 529 without a Retry-After is not chosen. Default 1000. */
  defaultCooldownMs?: number;
  /** The longest time that a Retry-After is obeyed. Default 60000. */
  maxCooldownMs?: number;
  /** How long the weight of a target grows after its breaker has closed. Default 0. */
  slowStartMs?: number;
}

export interface Attempt {
  target: string;
  outcome: string;
  elapsed_ms: number;
}

export interface Reply {
  text: string;
  source: string;
  /** Index of the target that answered; above 0: a fallback. */
  rank: number;
  /** Why the first target did not answer. */
  reason: string;
  attempts: Attempt[];
  upstream: Record<string, unknown>;
}

export interface AskOptions extends CallOptions {
  sessionId?: string;
  userId?: string;
  metadata?: Record<string, unknown>;
  contextSummary?: string;
  /** Earlier messages, oldest first, for targets that take them. */
  history?: Array<{ role: string; content: string }>;
}

export interface StreamOptions extends AskOptions {
  /** Timeout of each piece after the first, for which `timeoutMs` is. Default: only the transport's. */
  pieceTimeoutMs?: number | null;
}

/** `text` is a part of the answer, or empty if the piece is no text, such as a part of a tool call;
 *  `data` is the event as the upstream sent it. */
export interface Piece {
  text: string;
  data: string;
}

/** A streamed answer, for `for await`. Leaving the loop, `close`, `return`, aborting the signal and
 *  dropping the stream end the call of the upstream. An answer that ends early rejects with VX11Error
 *  after the pieces that arrived, and so does every later read. After an abort no piece is delivered:
 *  reads reject with the signal's reason. */
export class ChatStream implements AsyncIterableIterator<Piece> {
  private constructor();
  /** The name of the target that answers; after the first piece, like `reason` and `attempts`. */
  readonly source: string;
  /** Why the first target does not answer. */
  readonly reason: string;
  readonly attempts: Attempt[];
  /** The other members of the upstream's answer; after the end, like all that follows. */
  readonly upstream: Record<string, unknown>;
  /** null before the end and after an error. */
  readonly finishReason: 'stop' | 'length' | 'tool_calls' | 'content_filter' | string | null;
  /** null if not reported. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  [Symbol.asyncIterator](): this;
  next(): Promise<IteratorResult<Piece, undefined>>;
  return(value?: undefined): Promise<IteratorReturnResult<undefined>>;
  /** Never waits. */
  close(): void;
  /** Closes it, for `await using`; from Node 18.18. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Tries its targets in order until one answers. */
export class Router {
  constructor(options: {
    targets: Target[];
    /** Timeout of a whole ask. Default 30000. */
    totalTimeoutMs?: number;
    /** @deprecated since 0.2: totalTimeoutMs */
    deadlineMs?: number;
    groups?: Group[];
    /** Default: every answer outside 2xx leads to the next target. */
    fallbackRules?: FallbackRule[];
    /** How many chats at a time are sent to the first target when the breakers of all reject them, in place
     *  of failing with `circuit_open`. Default 0. */
    lastResorts?: number;
    /** What becomes of calls that were overtaken: "observe", the default, lets them run to their limit for
     *  the breaker, "cancel" ends them. */
    overtaken?: 'observe' | 'cancel';
    shadow?: Shadow;
  });
  /** Rejects with ChatFailed if no target answered. */
  ask(message: string, options?: AskOptions): Promise<Reply>;
  /** A streamed answer; asks when the first piece is awaited. Until then targets that fail are passed
   *  by. */
  stream(message: string, options?: StreamOptions): ChatStream;
  breaker(target: string): CircuitBreaker;
}

export interface PowerState {
  policy: 'solo_madre' | 'operative_core' | 'full';
  windows: Array<{ id: string; created_at: string; ttl_s: number | null; services: string[] }>;
  running: string[];
  available: string[];
}

/** madre's response to a command; a 4xx status is no error. */
export interface MadreReply {
  status: number;
  answer: Record<string, unknown>;
}

/** Reads madre's power state and sends power commands. */
export class PowerClient {
  constructor(url: string, options?: {
    transport?: Transport;
    breaker?: CircuitBreaker;
    /** Timeout of one call. Default 2000. */
    timeoutMs?: number;
    /** @deprecated since 0.2: timeoutMs */
    limitMs?: number;
    headers?: Record<string, string>;
  });
  powerState(options?: CallOptions): Promise<PowerState>;
  status(options?: CallOptions): Promise<MadreReply>;
  soloMadreStatus(options?: CallOptions): Promise<MadreReply>;
  applySoloMadre(options?: CallOptions): Promise<MadreReply>;
  /** `ttlSeconds` null: the window does not expire; default 300. */
  openWindow(
    window: { services: string[]; ttlSeconds?: number | null; reason?: string },
    options?: CallOptions,
  ): Promise<MadreReply>;
  closeWindow(id?: string, options?: CallOptions): Promise<MadreReply>;
  start(service: string, options?: CallOptions): Promise<MadreReply>;
  stop(service: string, options?: CallOptions): Promise<MadreReply>;
  restart(service: string, options?: CallOptions): Promise<MadreReply>;
}

export interface Component {
  name: string;
  /** "http" and "redis" need a url, "breaker" a breaker, whose state is read. */
  check?: 'http' | 'redis' | 'breaker' | 'self' | 'absent' | 'not_configured';
  port?: number;
  required?: boolean;
  url?: string;
  path?: string;
  headers?: Record<string, string>;
  transport?: Transport;
  breaker?: CircuitBreaker;
  /** Timeout of one check. Default 2000. */
  timeoutMs?: number;
  /** @deprecated since 0.2: timeoutMs */
  limitMs?: number;
}

export type Health = 'ok' | 'available' | 'degraded' | 'unreachable' | 'offline' | 'unknown';

export interface HealthReport {
  overall: Health;
  components: Array<{
    name: string;
    status: Health;
    port: number;
    required: boolean;
    reason: string;
    error: string;
    latency_ms: number;
    checked_at: string;
    source: string;
  }>;
  power: PowerState | null;
}

/** Reports the health of all components without waking a sleeping service. */
export class HealthAggregator {
  constructor(options?: { components?: Component[]; power?: PowerClient; reuseForMs?: number });
  status(options?: CallOptions): Promise<HealthReport>;
}

export interface Message {
  role: string;
  content: string;
  timestamp: string;
  metadata: Record<string, unknown>;
}

export interface Session {
  id: string;
  user_id: string;
  created_at: string;
  last_accessed: string;
  messages: Message[];
}

/** Stores chat sessions in memory, or in the SQLite file at `path`. */
export class SessionStore {
  constructor(options?: {
    path?: string;
    messages?: number;
    /** A session expires this long after its last use. Default 3600000. */
    idleTimeoutMs?: number;
    /** @deprecated since 0.2: idleTimeoutMs */
    idleMs?: number;
    sessions?: number;
  });
  recent(id: string, count?: number): Promise<Message[]>;
  find(id: string): Promise<Session | null>;
  append(
    id: string,
    user: string,
    assistant: string,
    options?: { userId?: string; metadata?: Record<string, unknown> },
  ): Promise<void>;
}

export type Auth =
  | { token: string }
  | {
      jwt: {
        algorithms?: string[];
        secret?: string;
        public_key_pem?: string;
        audience: string;
        issuer?: string;
        leeway_s?: number;
      };
    }
  | { open: true };

export interface OperatorResponse {
  status: number;
  headers: HeaderPairs;
  body: Buffer;
}

/** The operator endpoints as a function from request to response, independent of any server. */
export class OperatorApi {
  constructor(options: {
    auth: Auth;
    router: Router;
    health: HealthAggregator;
    power: PowerClient;
    sessions: SessionStore;
    primary?: string;
  });
  /** An HTTP error is a response, not a rejection. `target` is path and query. */
  handle(
    request: { method: string; target: string; headers?: HeaderPairs; body?: string | Uint8Array },
    options?: CallOptions,
  ): Promise<OperatorResponse>;
  /** Makes `/readyz` report not ready from now on. */
  drain(): void;
}
