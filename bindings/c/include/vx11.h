/**
 * \file
 * The C interface of vx11, for C and for any language that can call C.
 *
 * **Text** is UTF-8 and NUL-terminated. Input text is copied before the call returns. Output text,
 * always through a `char **`, is owned by the caller and released with vx11_free(). Options and
 * other descriptions are the text of a JSON object; NULL and "" mean {}. An unknown field, a wrong
 * type or a value out of range is an error that names the field, and so is nesting deeper than 64.
 *
 * Fields renamed in 0.2 are accepted under their old names until 0.3: `probe_limit_ms`,
 * `connect_limit_ms` and `first_byte_limit_ms` (now …`_timeout_ms`), `idle_for_ms` and `idle_ms`
 * (`idle_timeout_ms`), a router's `deadline_ms` (`total_timeout_ms`), a target's `limit_ms`
 * (`try_timeout_ms`) and any other `limit_ms` (`timeout_ms`).
 *
 * **Errors**: a function that can fail returns a vx11_code and takes `char **error` as its last
 * argument. If `error` is not NULL and the code is not VX11_OK, it receives a JSON object:
 * `{"code":"timeout","upstream":"madre","detail":"connection timeout after 2s"}`, with
 * `retry_after_ms` if the time is known; a failed ask also has `attempts`, and `retry_after_ms` always. `*error` is unchanged on success, the result on failure. No
 * C++ exception leaves a function; no function prints or ends the process.
 *
 * **Handles** are opaque and owned by the caller, who releases each with the `_free` function of
 * its type, also while calls on it are in progress: they end as if it had not been released. `_free`
 * accepts NULL. An object made from a handle keeps what it needs alive: a breaker may be freed right
 * after the router that uses it was made. A handle that is NULL, was released or is of another type
 * is VX11_INVALID_ARGUMENT; functions that return no code say what they return then.
 *
 * **fork**: a handle works in the process that made it. In a child it is VX11_INVALID_ARGUMENT, its
 * release does nothing, and the parent's calls are not affected; make handles anew there.
 *
 * **Threads**: every function may be called from any thread, concurrently on the same handle,
 * unless its description says otherwise. Calls that do I/O block until it is done.
 *
 * **Time** is in milliseconds. Calls that do I/O take `timeout_ms`, an upper bound (negative: only
 * the timeouts of the options apply), and `stop`, by which another thread can cancel them, or NULL.
 */
#ifndef VX11_H
#define VX11_H

#include <stddef.h>
#include <stdint.h>

#define VX11_C_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this interface. Incremented when a program built for the one before would not work. */
#define VX11_ABI_VERSION 1
/** The ABI version of the library: compare it to VX11_ABI_VERSION before any other call. */
VX11_C_API int vx11_abi_version(void);
/** The version of the library, "0.1.0". Static text; not to be freed. */
VX11_C_API const char *vx11_version(void);

/** The result of a call. */
typedef enum vx11_code {
  VX11_OK = 0,
  VX11_INVALID_ARGUMENT = 1, /**< A description or a call that can never work. */
  VX11_UNREACHABLE = 2,      /**< No connection. */
  VX11_TIMEOUT = 3,          /**< A timeout or deadline passed. */
  VX11_CANCELLED = 4,        /**< Cancelled through a vx11_stop. */
  VX11_CIRCUIT_OPEN = 5,     /**< A breaker rejected the call; nothing was sent. */
  VX11_ASLEEP = 6,           /**< The service is known to be asleep; nothing was sent. */
  VX11_HTTP_STATUS = 7,      /**< The response has a status outside 2xx. */
  VX11_INVALID_REPLY = 8,    /**< The response could not be parsed. */
  VX11_TOO_LARGE = 9,        /**< A message exceeds a limit. */
  VX11_STORAGE = 10,         /**< Sessions could not be read or written. */
  VX11_UNAVAILABLE = 11,     /**< No target could answer. */
  VX11_NO_MEMORY = 12,
  VX11_INTERNAL = 13, /**< An error inside the library. */
  VX11_REJECTED = 14, /**< A custom policy of the caller rejected the call; nothing was sent. */
  VX11_ADDRESS_UNAVAILABLE = 15, /**< Binding the listen address failed. */
  VX11_EXHAUSTED = 16 /**< This process ran out of descriptors, memory, threads or ports. */
} vx11_code;
/** The code as a word: "circuit_open". Static text; not to be freed. */
VX11_C_API const char *vx11_code_text(vx11_code code);

/** Releases text returned by a function. NULL is allowed. */
VX11_C_API void vx11_free(char *text);

/* ---- cancellation ------------------------------------------------------------------------------ */

/** Cancels the calls that it was passed to. */
typedef struct vx11_stop vx11_stop;
/** Returns NULL only when out of memory. */
VX11_C_API vx11_stop *vx11_stop_new(void);
/** Calls in progress end with VX11_CANCELLED once their transport notices; so do later calls. */
VX11_C_API vx11_code vx11_stop_request(vx11_stop *stop);
VX11_C_API vx11_code vx11_stop_free(vx11_stop *stop);

/* ---- circuit breaker --------------------------------------------------------------------------- */

/** Rejects calls to an upstream that keeps failing. */
typedef struct vx11_breaker vx11_breaker;
/** Permission for one call. Not thread-safe. */
typedef struct vx11_permit vx11_permit;

typedef enum vx11_circuit_state {
  VX11_CLOSED = 0,
  VX11_OPEN = 1,
  VX11_HALF_OPEN = 2,
  VX11_NO_BREAKER = 3 /**< The handle is NULL or was released. */
} vx11_circuit_state;

/** The outcome of the call; the breaker does not count a neutral one. */
typedef enum vx11_verdict { VX11_NEUTRAL = 0, VX11_SUCCESS = 1, VX11_FAILURE = 2 } vx11_verdict;

/**
 * `{"failures_to_open":3,"open_for_ms":60000,"probes":1,"probe_timeout_ms":30000}`: the defaults.
 * `probes_to_close` is the number of probes that have to succeed; all of them by default.
 *
 * With `trip` it opens for the share of failures in a window, in place of `failures_to_open`:
 * `{"trip":{"window":"count","size":100,"minimum_calls":20,"failure_rate":0.5}}` judges the last
 * `size` calls, `{"trip":{"window":"time","span_ms":60000,"buckets":10,"minimum_calls":20,
 *   "failure_rate":0.5}}` those of the last `span_ms`. With `"slow":{"after_ms":5000,"rate":1.0}` in
 * a window, the share of calls that take `after_ms` or longer opens it, too; it is off by default.
 *
 * `{"growth":{"factor":1.0,"at_most_ms":600000,"jitter":{"from":1.0,"to":1.0}}}`: each consecutive
 * reopening lasts `factor` times as long as the one before, up to `at_most_ms`, times a random
 * number between the two of `jitter`.
 */
VX11_C_API vx11_code vx11_breaker_new(const char *options, vx11_breaker **breaker, char **error);
VX11_C_API vx11_code vx11_breaker_free(vx11_breaker *breaker);
/**
 * Requests permission for one call. VX11_OK: report the outcome with vx11_permit_finish(*permit).
 * VX11_CIRCUIT_OPEN: do not call; retry after `*retry_after_ms` (the argument may be NULL).
 */
VX11_C_API vx11_code vx11_breaker_acquire(vx11_breaker *breaker, vx11_permit **permit,
                                          int64_t *retry_after_ms);
/** Reports the outcome of the call and frees the permit. VX11_INVALID_ARGUMENT if it was freed. */
VX11_C_API vx11_code vx11_permit_finish(vx11_permit *permit, vx11_verdict verdict);
/** The effective state. Does not change the breaker. */
VX11_C_API vx11_circuit_state vx11_breaker_state(const vx11_breaker *breaker);
/** `{"state":"open","generation":1,"failures":3,"retry_after_ms":59998}` */
VX11_C_API vx11_code vx11_breaker_snapshot(const vx11_breaker *breaker, char **json, char **error);

/** Who controls the state of a breaker: itself, or the program. */
typedef enum vx11_circuit_mode {
  VX11_AUTOMATIC = 0,     /**< The breaker decides. */
  VX11_ISOLATED = 1,      /**< Held open: every call is rejected. */
  VX11_FORCED_CLOSED = 2, /**< Held closed: every call passes and is counted. */
  VX11_DISABLED = 3,      /**< As if there were no breaker: every call passes, none is counted. */
  VX11_METRICS_ONLY = 4   /**< Every call passes; calls and would-be openings are counted. */
} vx11_circuit_mode;
VX11_C_API vx11_code vx11_breaker_mode(const vx11_breaker *breaker, vx11_circuit_mode *mode);
/** Calls that were admitted before no longer count. Repeating the current mode has no effect. */
VX11_C_API vx11_code vx11_breaker_set_mode(vx11_breaker *breaker, vx11_circuit_mode mode);
/** Resets to the initial state: automatic, closed, all counts zero. */
VX11_C_API vx11_code vx11_breaker_reset(vx11_breaker *breaker);

/* ---- transports -------------------------------------------------------------------------------- */

/** Sends requests to upstreams. */
typedef struct vx11_transport vx11_transport;
/** A request that a custom transport has to send. */
typedef struct vx11_call vx11_call;

/**
 * HTTP and HTTPS over sockets, on one thread of the transport.
 * `{"connect_timeout_ms":1000,"first_byte_timeout_ms":…,"between_chunks_timeout_ms":30000,
 *   "max_body_bytes":4194304,"max_idle":1024,"idle_timeout_ms":4000,"ca_file":"",
 *   "certificate_file":"","key_file":"","pins":[]}`
 * `between_chunks_timeout_ms` is the longest time between two parts of a streamed response. The files
 * are PEM: the authorities to trust (default: the system's), and a certificate with its key for servers
 * that ask for one. A server's key must be one of `pins`, if there are any: each `sha256//` and the
 * base64 of the SHA-256 of the public key, as `curl --pinnedpubkey` takes them.
 */
VX11_C_API vx11_code vx11_transport_new(const char *options, vx11_transport **transport,
                                        char **error);
/**
 * A custom transport. `send` is called on the requesting thread, possibly by several threads at
 * once. It must have each call completed exactly once, by vx11_call_answer() or vx11_call_fail():
 * before it returns, or later from any thread, even if the call has timed out. The requesting
 * thread does not wait longer than its timeout. `send` must not let exceptions or longjmp escape.
 * `release`, if not NULL, is called with `context` when the transport is no longer used, which may
 * be after vx11_transport_free().
 */
VX11_C_API vx11_code vx11_transport_custom(void (*send)(void *context, vx11_call *call),
                                           void *context, void (*release)(void *context),
                                           vx11_transport **transport, char **error);
VX11_C_API vx11_code vx11_transport_free(vx11_transport *transport);

/** The request to send. Its texts are valid until the call is completed; NULL and 0 after that. */
VX11_C_API const char *vx11_call_method(const vx11_call *call);
/** `http://host[:port]` */
VX11_C_API const char *vx11_call_origin(const vx11_call *call);
/** Path and query. */
VX11_C_API const char *vx11_call_target(const vx11_call *call);
VX11_C_API size_t vx11_call_header_count(const vx11_call *call);
/** NULL if `index` >= count. */
VX11_C_API const char *vx11_call_header_name(const vx11_call *call, size_t index);
VX11_C_API const char *vx11_call_header_value(const vx11_call *call, size_t index);
/** May contain zero bytes; `*size` receives the length. */
VX11_C_API const char *vx11_call_body(const vx11_call *call, size_t *size);
/** The remaining time; negative if there is no timeout, 0 if the call was completed. */
VX11_C_API int64_t vx11_call_remaining_ms(const vx11_call *call);
/** Nonzero if the requesting call has already returned, or the call was completed. It must be
 *  completed all the same. */
VX11_C_API int vx11_call_abandoned(const vx11_call *call);
/**
 * Completes the call with a response of any status and frees the call. `headers` are `header_count`
 * pairs: name, value, name, value, … `body` may be NULL if `size` is 0. VX11_INVALID_ARGUMENT if the
 * call was completed before; or if an argument is wrong, and the call then ends as unreachable.
 */
VX11_C_API vx11_code vx11_call_answer(vx11_call *call, int status, const char *const *headers,
                                 size_t header_count, const char *body, size_t size);
/**
 * Completes the call with a failure, usually VX11_UNREACHABLE or VX11_TIMEOUT, and frees it.
 * `detail` is shown to clients: it must contain no secret and nothing received from the upstream.
 */
VX11_C_API vx11_code vx11_call_fail(vx11_call *call, vx11_code code, const char *detail);

/* ---- router ------------------------------------------------------------------------------------ */

/** Tries its targets in order until one answers. */
typedef struct vx11_router vx11_router;
/**
 * `{"total_timeout_ms":30000,"targets":[{"name":"switch","url":"http://127.0.0.1:8002",
 *   "try_timeout_ms":15000,"dialect":"switch","headers":{"x-vx11-token":"…"}},…]}`, in order of
 * preference. `transports` has one entry per target, in the same order, and then one for a shadow.
 * `breakers` has as many or is NULL; a breaker is created for each NULL entry.
 *
 * `dialect` is the API of the target. Default: "switch" or "madre", if that is the target's name.
 *
 * - "openai" (llama.cpp, vLLM, Ollama, LM Studio and hosts), "ollama" (`/api/chat`) or "anthropic"
 *   (`/v1/messages`), with these fields of the target:
 *   `{"url":"http://127.0.0.1:8080/v1","model":"m","key":"…","system_prompt":"",
 *     "history_tokens":4096,"extra":{"temperature":0.2}}`. A path in `url` is the API's base path,
 *   by default `/v1`, of "ollama" none. "ollama" and "anthropic" require a `model`. `key` is sent as the
 *   API has it, unless `headers` has that header. `history_tokens` limits how much of a chat's
 *   `history` is sent. `extra` are members added to each request. Also for "anthropic" `max_tokens`
 *   (4096), the limit of an answer; for "openai" `path`, the whole path and query of requests,
 *   in place of a path in `url`.
 * - "switch" or "madre".
 * - the description of another one:
 *   `{"path":"/v1/chat","body":{"model":"m","messages":[{"role":"user","content":"{message}"}]},
 *     "text":"/choices/0/message/content"}`. The request is a POST of `body`, in which the texts
 *   "{message}", "{session_id}", "{user_id}", "{mode}", "{context_summary}" and "{metadata}" are
 *   replaced by the chat's; `text` is the JSON pointer (RFC 6901) to the answer in the reply.
 *
 * Targets that follow one another with the same `group` are one step: one of them is chosen for each
 * chat, by `weight` (1 to 1000, default 1). A group is described in the router's `groups`, or has the
 * defaults: `{"name":"gpus","policy":"peak_ewma","decay_ms":10000,"failure_cost_ms":5000,
 *   "max_targets":2,"default_cooldown_ms":1000,"max_cooldown_ms":60000,"slow_start_ms":0}`.
 * `policy` is "peak_ewma" (the fastest of two random targets, which alone has `decay_ms` and
 * `failure_cost_ms`), "weighted_round_robin", "least_in_flight" or "sticky_session" (the same target
 * for all chats of a session). `max_targets` of the group are asked for one chat at most.
 *
 * `try_timeout_ms` of a target limits the time to an answer, of a stream to its first piece.
 * `total_timeout_ms` limits the whole call, of a stream to its end, which is then VX11_TIMEOUT; default:
 * none.
 *
 * When a target has not answered after its `fallback_after_ms` (a stream: sent no piece), the next one
 * is asked beside it, and the first good answer is taken. By default that is three times the 95th
 * percentile of its last 100 answers, at least 4 s and at most `try_timeout_ms`; 0: never. The router's
 * `"overtaken":"observe"` lets the slow call run to its limit for its breaker, "cancel" ends it. A
 * router with a custom transport, or more than 8 targets for a chat, asks one after another.
 *
 * `{"fallback_rules":[{"statuses":[400,422]},{"when":"context_too_long","next":"large"},…]}` of the
 * router: what an answer outside 2xx leads to; the first rule that applies counts, without one the next
 * target is asked. A rule applies by `statuses` (default: all), by `when` or by both: "context_too_long"
 * (the chat is longer than the model's context) or "content_refused" (by its content filter), as model
 * servers say it. `next` is a group or a target without one, after that which answered; those between
 * are passed by. Without `next` the answer is final: the ask fails with it.
 *
 * `{"last_resorts":0}` of the router: how many chats at a time are sent to the first target when the
 * breakers of all reject them, past its breaker, in place of VX11_CIRCUIT_OPEN.
 *
 * `{"shadow":{"target":{…},"share":0.01,"max_in_flight":8}}` of the router: a target beside the
 * others, with a name of its own and sockets as its transport, that gets copies of that share of the
 * chats, at most so many at a time. Its answers are dropped; vx11_router_breaker() has its figures.
 */
VX11_C_API vx11_code vx11_router_new(const char *options, const vx11_transport *const *transports,
                                     const vx11_breaker *const *breakers, vx11_router **router,
                                     char **error);
VX11_C_API vx11_code vx11_router_free(vx11_router *router);
/**
 * `chat` is `{"message":"hello","session_id":"","user_id":"local","mode":"","metadata":{},
 * "history":[{"role":"user","content":"…"},…],"context_summary":""}`; only `message` is required;
 * `history` are earlier messages of "system", "user" and "assistant", oldest first. The reply is
 * `{"text":"…","source":"madre","rank":1,"reason":"switch_circuit_open","attempts":[
 *   {"target":"switch","outcome":"circuit_open","elapsed_ms":0.002},…],"upstream":{…}}`.
 */
VX11_C_API vx11_code vx11_router_ask(const vx11_router *router, const char *chat, int64_t timeout_ms,
                                     const vx11_stop *stop, char **reply, char **error);
/** A further handle to the breaker of a target; the caller frees it. */
VX11_C_API vx11_code vx11_router_breaker(const vx11_router *router, const char *target,
                                         vx11_breaker **breaker, char **error);

/** A streamed answer. */
typedef struct vx11_stream vx11_stream;
/**
 * Asks for a streamed answer and returns once its first piece has arrived; falls back to the next
 * target until then. `timeout_ms` and the router's total timeout are for that piece alone. Targets
 * whose transport is custom or whose dialect has no streams answer in one piece. `chat` as for
 * vx11_router_ask(). `stop` cancels the opening.
 */
VX11_C_API vx11_code vx11_router_stream(const vx11_router *router, const char *chat,
                                        int64_t timeout_ms, const vx11_stop *stop,
                                        vx11_stream **stream, char **error);
/**
 * The pieces that have arrived, one at least: `[{"text":"hel","data":"{…}"},…]`; NULL at the end.
 * `text` is a part of the answer, or empty if the piece is no text, such as a part of a tool call;
 * `data` is the event as the upstream sent it.
 *
 * `timeout_ms` is for the next piece. After an error, also a timeout and a cancellation, the stream
 * has ended, and further reads report the same error, whose detail says how many pieces there were.
 * A read that times out is a failure of the upstream for its breaker. One call reads at a time; a
 * second one is VX11_INVALID_ARGUMENT. VX11_NO_MEMORY loses pieces, so the stream has ended.
 */
VX11_C_API vx11_code vx11_stream_read(vx11_stream *stream, int64_t timeout_ms, const vx11_stop *stop,
                                      char **pieces, char **error);
/**
 * Receives one piece. `text` and `data` are as in vx11_stream_read(), NUL-terminated, and valid
 * during the call. Returns 0 for the next piece, anything else to end the stream. Must not let
 * exceptions or longjmp escape.
 */
typedef int (*vx11_on_piece)(void *context, const char *text, size_t text_size, const char *data,
                             size_t data_size);
/**
 * Reads to the end and calls `on_piece` for each piece, on the calling thread; the last call of it
 * has returned when this function returns. VX11_CANCELLED if `on_piece` or vx11_stream_free() ended
 * the stream; later reads report the same. Otherwise as vx11_stream_read(); `timeout_ms` is for each
 * piece. No other call reads the stream until this function returns.
 */
VX11_C_API vx11_code vx11_stream_each(vx11_stream *stream, vx11_on_piece on_piece, void *context,
                                      int64_t timeout_ms, const vx11_stop *stop, char **error);
/**
 * `{"source":"llama","reason":"","attempts":[…],"upstream":{…},"finish_reason":"stop",
 *   "input_tokens":9,"output_tokens":4}`, as in a reply. `finish_reason` is null before the end and
 * after an error, the tokens are null if the upstream did not report them. May be called at any
 * time; until the end it is the state at the opening.
 */
VX11_C_API vx11_code vx11_stream_summary(vx11_stream *stream, char **summary, char **error);
/**
 * Releases the stream; before its end this closes the connection to the upstream. A read in progress
 * ends with VX11_CANCELLED. Waits for an `on_piece` that runs on another thread: none runs or begins
 * after this function has returned. May be called from `on_piece`.
 */
VX11_C_API vx11_code vx11_stream_free(vx11_stream *stream);

/* ---- power ------------------------------------------------------------------------------------- */

/** Reads madre's power state and sends power commands. */
typedef struct vx11_power vx11_power;
/** `{"url":"http://127.0.0.1:8001","timeout_ms":2000,"headers":{}}`; `breaker` may be NULL. */
VX11_C_API vx11_code vx11_power_new(const char *options, const vx11_transport *transport,
                                    const vx11_breaker *breaker, vx11_power **power, char **error);
VX11_C_API vx11_code vx11_power_free(vx11_power *power);
/**
 * `{"policy":"solo_madre","windows":[{"id":"…","created_at":"…","ttl_s":300,"services":[…]}],
 *   "running":[…],"available":[…]}`; `ttl_s` is null for a window without expiry.
 */
VX11_C_API vx11_code vx11_power_state(const vx11_power *power, int64_t timeout_ms,
                                      const vx11_stop *stop, char **state, char **error);

/** The commands that madre accepts. */
typedef enum vx11_power_command {
  VX11_POWER_STATUS = 0,
  VX11_POWER_SOLO_MADRE_STATUS = 1,
  VX11_POWER_APPLY_SOLO_MADRE = 2,
  /** `{"services":["switch"],"ttl_s":300,"reason":""}`; `ttl_s` null: no expiry. */
  VX11_POWER_OPEN_WINDOW = 3,
  VX11_POWER_CLOSE_WINDOW = 4, /**< `{"id":""}`; empty: the open window. */
  VX11_POWER_START = 5,        /**< `{"service":"switch"}` */
  VX11_POWER_STOP = 6,         /**< `{"service":"switch"}` */
  VX11_POWER_RESTART = 7       /**< `{"service":"switch"}` */
} vx11_power_command;
/**
 * Sends one command, without retries. `arguments` as documented at the command, or NULL.
 * `*answer` is `{"status":200,"answer":{…}}` with madre's response; a 4xx status is no error.
 */
VX11_C_API vx11_code vx11_power_send(const vx11_power *power, vx11_power_command command,
                                     const char *arguments, int64_t timeout_ms, const vx11_stop *stop,
                                     char **answer, char **error);

/* ---- health ------------------------------------------------------------------------------------ */

/** Reports the health of all components without waking a sleeping service. */
typedef struct vx11_health vx11_health;
/**
 * `{"reuse_for_ms":0,"components":[{"name":"madre","port":8001,"required":true,"timeout_ms":2000,
 *   "check":"http","url":"http://127.0.0.1:8001","path":"/health","headers":{}},…]}`
 *
 * `check` is "http" (uses `url`, `path`, `headers` and a transport), "redis" (uses `url`),
 * "breaker" (reads the state of a breaker), "self", "absent" or "not_configured" (the default).
 * `transports` and `breakers` have one entry per component, in the same order, NULL where none is
 * needed; either array may be NULL. `power`, if not NULL, is read as part of each check.
 */
VX11_C_API vx11_code vx11_health_new(const char *options, const vx11_transport *const *transports,
                                     const vx11_breaker *const *breakers, const vx11_power *power,
                                     vx11_health **health, char **error);
/** Waits for checks in progress, unless an object made from this handle still uses it. */
VX11_C_API vx11_code vx11_health_free(vx11_health *health);
/**
 * `{"overall":"ok","components":[{"name":"madre","status":"ok","port":8001,"required":true,
 *   "reason":"","error":"","latency_ms":0.4,"checked_at":"…Z","source":"probe"},…],"power":{…}}`;
 * `power` is null if unknown. If the timeout passes first, the report has what is known by then.
 */
VX11_C_API vx11_code vx11_health_check(vx11_health *health, int64_t timeout_ms, const vx11_stop *stop,
                                       char **report, char **error);

/* ---- sessions ---------------------------------------------------------------------------------- */

/** Stores chat sessions. */
typedef struct vx11_sessions vx11_sessions;
/** In memory. `{"messages":50,"idle_timeout_ms":3600000,"sessions":10000}` */
VX11_C_API vx11_code vx11_sessions_memory(const char *limits, vx11_sessions **sessions,
                                          char **error);
/** In an SQLite file, created if missing; same limits. Each call blocks for one transaction. */
VX11_C_API vx11_code vx11_sessions_sqlite(const char *path, const char *limits,
                                          vx11_sessions **sessions, char **error);
VX11_C_API vx11_code vx11_sessions_free(vx11_sessions *sessions);
/** The newest `count` messages, oldest first: `[{"role","content","timestamp","metadata"},…]` */
VX11_C_API vx11_code vx11_sessions_recent(vx11_sessions *sessions, const char *id, size_t count,
                                          char **messages, char **error);
/** `{"id","user_id","created_at","last_accessed","messages":[…]}`; `null` if not found. */
VX11_C_API vx11_code vx11_sessions_find(vx11_sessions *sessions, const char *id, char **session,
                                        char **error);
/**
 * Appends a question and its answer atomically, with the current time:
 * `{"user":{"content":"hello","metadata":{}},"assistant":{"content":"hi","metadata":{}}}`
 */
VX11_C_API vx11_code vx11_sessions_append(vx11_sessions *sessions, const char *id,
                                          const char *user_id, const char *turn, char **error);

/* ---- operator API ------------------------------------------------------------------------------ */

/** The operator endpoints as a function from request to response, independent of any server. */
typedef struct vx11_operator vx11_operator;
/** An HTTP response. Not thread-safe. */
typedef struct vx11_response vx11_response;
/**
 * `{"auth":{"token":"…"},"primary":"switch","max_body_bytes":1048576,"max_message_bytes":65536}`.
 * `auth` is one of `{"token":"…"}`, `{"jwt":{"algorithms":["HS256"],"secret":"…","public_key_pem":"",
 * "audience":"…","issuer":"","leeway_s":5}}` and, for loopback listeners only, `{"open":true}`.
 */
VX11_C_API vx11_code vx11_operator_new(const char *options, const vx11_router *router,
                                       const vx11_health *health, const vx11_power *power,
                                       const vx11_sessions *sessions, vx11_operator **api,
                                       char **error);
VX11_C_API vx11_code vx11_operator_free(vx11_operator *api);
/**
 * Answers one request; an HTTP error is a response, not a failure. `target` is path and query as
 * received; `headers` are `header_count` pairs: name, value, … The caller frees the response.
 */
VX11_C_API vx11_code vx11_operator_handle(const vx11_operator *api, const char *method,
                                          const char *target, const char *const *headers,
                                          size_t header_count, const char *body, size_t size,
                                          int64_t timeout_ms, const vx11_stop *stop,
                                          vx11_response **response, char **error);
/** Makes `/readyz` report not ready from now on. */
VX11_C_API vx11_code vx11_operator_drain(const vx11_operator *api);

/** 0 if the response was freed. */
VX11_C_API int vx11_response_status(const vx11_response *response);
VX11_C_API size_t vx11_response_header_count(const vx11_response *response);
/** NULL if `index` >= count. Valid until the response is freed, like all its parts. */
VX11_C_API const char *vx11_response_header_name(const vx11_response *response, size_t index);
VX11_C_API const char *vx11_response_header_value(const vx11_response *response, size_t index);
VX11_C_API const char *vx11_response_body(const vx11_response *response, size_t *size);
VX11_C_API vx11_code vx11_response_free(vx11_response *response);

#ifdef __cplusplus
}
#endif

#endif
