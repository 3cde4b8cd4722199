/**
 * \file
 * vx11 for C, and for every language that can call C.
 *
 * **Text** is UTF-8 and ends with a zero byte. Text that is taken is copied before the call returns.
 * Text that is handed out, always through a `char **`, belongs to the caller, who gives it back by
 * vx11_free(). Descriptions are the text of a JSON object; NULL and "" mean {}. A field that is not
 * known, of the wrong type or out of range is an error that names it.
 *
 * Fields that were named otherwise before 0.2 are still read by their old names, which go in 0.3:
 * `probe_limit_ms`, `connect_limit_ms`, `first_byte_limit_ms` (…`_timeout_ms` now), `idle_for_ms` and
 * `idle_ms` (`idle_timeout_ms`), a router's `deadline_ms` (`total_timeout_ms`) and a target's
 * `limit_ms` (`try_timeout_ms`), any other `limit_ms` (`timeout_ms`).
 *
 * **Errors**: what can fail returns a vx11_code and takes a last argument `char **error`. Where that
 * is not NULL and the code is not VX11_OK it receives a JSON object:
 * `{"code":"timeout","upstream":"madre","detail":"connection timeout after 2s"}`; a failed ask has
 * `attempts` and `retry_after_ms` as well. On success it is left alone, and on failure so is the
 * result. No C++ exception leaves a function, and nothing prints or ends the process.
 *
 * **Handles** are opaque and belong to whoever made them, who gives them back by the `_free` of their
 * type, NULL allowed, once no call on them is under way. What was made out of a handle keeps what it
 * needs of it: a breaker may be freed right after the router that uses it was made.
 *
 * **Threads**: every function may be called from any thread, on the same handle at the same time,
 * unless it says otherwise. Calls that do I/O block until it is done.
 *
 * **Time** is in milliseconds. Calls that do I/O take `timeout_ms`, the most they may take, negative for
 * no timeout but their own, and `stop`, through which another thread can end them early, or NULL.
 */
#ifndef VX11_H
#define VX11_H

#include <stddef.h>
#include <stdint.h>

#define VX11_C_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this interface. It grows when something that was there changes or goes. */
#define VX11_ABI_VERSION 1
/** The one the library was built with: compare it to VX11_ABI_VERSION before anything else. */
VX11_C_API int vx11_abi_version(void);
/** The version of the library, "0.1.0". Static text; not to be freed. */
VX11_C_API const char *vx11_version(void);

/** What came of a call. */
typedef enum vx11_code {
  VX11_OK = 0,
  VX11_INVALID_ARGUMENT = 1, /**< A description or a call that can never work. */
  VX11_UNREACHABLE = 2,      /**< No connection. */
  VX11_TIMEOUT = 3,          /**< A limit passed. */
  VX11_CANCELLED = 4,        /**< Stopped through a vx11_stop. */
  VX11_CIRCUIT_OPEN = 5,     /**< A breaker rejected the call; nothing was sent. */
  VX11_ASLEEP = 6,           /**< The service is known to sleep; nothing was sent. */
  VX11_HTTP_STATUS = 7,      /**< An answer came, with a status outside 2xx. */
  VX11_INVALID_REPLY = 8,    /**< An answer came and could not be understood. */
  VX11_TOO_LARGE = 9,        /**< A message exceeds a limit. */
  VX11_STORAGE = 10,         /**< Sessions could not be read or written. */
  VX11_UNAVAILABLE = 11,     /**< Nobody could answer. */
  VX11_NO_MEMORY = 12,
  VX11_INTERNAL = 13, /**< A mistake inside the library. */
  VX11_REJECTED = 14, /**< A policy of the caller's own refused the call; nothing was sent. */
  VX11_ADDRESS_UNAVAILABLE = 15 /**< The address to listen on cannot be had. */
} vx11_code;
/** The code as a word: "circuit_open". Static text; not to be freed. */
VX11_C_API const char *vx11_code_text(vx11_code code);

/** Gives back text that a function handed out. */
VX11_C_API void vx11_free(char *text);

/* ---- ending calls early ------------------------------------------------------------------------ */

/** Ends the calls it was given to. */
typedef struct vx11_stop vx11_stop;
/** NULL only when memory has run out. */
VX11_C_API vx11_stop *vx11_stop_new(void);
/** Calls under way end with VX11_CANCELLED as soon as their transport notices; so do later ones. */
VX11_C_API void vx11_stop_request(vx11_stop *stop);
VX11_C_API void vx11_stop_free(vx11_stop *stop);

/* ---- circuit breaker --------------------------------------------------------------------------- */

/** Stops calling what keeps failing. */
typedef struct vx11_breaker vx11_breaker;
/** The right to make one call. Not thread-safe in itself. */
typedef struct vx11_permit vx11_permit;

typedef enum vx11_circuit_state {
  VX11_CLOSED = 0,
  VX11_OPEN = 1,
  VX11_HALF_OPEN = 2
} vx11_circuit_state;

/** What came of the call; neutral counts for nothing. */
typedef enum vx11_verdict { VX11_NEUTRAL = 0, VX11_SUCCESS = 1, VX11_FAILURE = 2 } vx11_verdict;

/** `{"failures_to_open":3,"open_for_ms":60000,"probes":1,"probe_timeout_ms":30000}`: the defaults. */
VX11_C_API vx11_code vx11_breaker_new(const char *options, vx11_breaker **breaker, char **error);
VX11_C_API void vx11_breaker_free(vx11_breaker *breaker);
/**
 * Asks to make one call now. VX11_OK: `*permit` takes the verdict, by vx11_permit_finish().
 * VX11_CIRCUIT_OPEN: do not call; asking again makes sense after `*retry_after_ms` (may be NULL).
 */
VX11_C_API vx11_code vx11_breaker_acquire(vx11_breaker *breaker, vx11_permit **permit,
                                          int64_t *retry_after_ms);
/** Says what came of the call and frees the permit, which must not be used again. */
VX11_C_API void vx11_permit_finish(vx11_permit *permit, vx11_verdict verdict);
/** The effective state. Looking changes nothing. */
VX11_C_API vx11_circuit_state vx11_breaker_state(const vx11_breaker *breaker);
/** `{"state":"open","generation":1,"failures":3,"retry_after_ms":59998}` */
VX11_C_API vx11_code vx11_breaker_snapshot(const vx11_breaker *breaker, char **json, char **error);

/* ---- transports -------------------------------------------------------------------------------- */

/** How requests reach an upstream. */
typedef struct vx11_transport vx11_transport;
/** A request that a transport of one's own is to send. */
typedef struct vx11_call vx11_call;

/**
 * HTTP and HTTPS over sockets, on one thread of its own.
 * `{"connect_timeout_ms":1000,"first_byte_timeout_ms":…,"max_body_bytes":4194304,"max_idle":256,
 *   "idle_timeout_ms":4000,"ca_file":""}`
 */
VX11_C_API vx11_code vx11_transport_new(const char *options, vx11_transport **transport,
                                        char **error);
/**
 * One's own. `send` is called on the thread that asks, by many at once, and sees to it that the call
 * is completed: before it returns, or later and from any other thread. Each call is completed exactly
 * once, by vx11_call_answer() or vx11_call_fail(), also one whose time has passed; the caller of the
 * library does not wait longer than its limit for that. `send` must not let exceptions or longjmp
 * escape. `release`, if not NULL, is called with `context` when the transport is no longer used; that
 * may be after vx11_transport_free().
 */
VX11_C_API vx11_code vx11_transport_custom(void (*send)(void *context, vx11_call *call),
                                           void *context, void (*release)(void *context),
                                           vx11_transport **transport, char **error);
VX11_C_API void vx11_transport_free(vx11_transport *transport);

/** What is to be sent. The texts live until the call is completed. */
VX11_C_API const char *vx11_call_method(const vx11_call *call);
/** `http://host[:port]` */
VX11_C_API const char *vx11_call_origin(const vx11_call *call);
/** Path and query. */
VX11_C_API const char *vx11_call_target(const vx11_call *call);
VX11_C_API size_t vx11_call_header_count(const vx11_call *call);
/** NULL from `index` = count on. */
VX11_C_API const char *vx11_call_header_name(const vx11_call *call, size_t index);
VX11_C_API const char *vx11_call_header_value(const vx11_call *call, size_t index);
/** May hold zero bytes; `*size` tells how many there are. */
VX11_C_API const char *vx11_call_body(const vx11_call *call, size_t *size);
/** What is left of its time; negative for no limit. */
VX11_C_API int64_t vx11_call_remaining_ms(const vx11_call *call);
/** Whether nobody waits for it any more. It must be completed all the same. */
VX11_C_API int vx11_call_abandoned(const vx11_call *call);
/**
 * Completes the call with an answer, of whatever status, and frees it. `headers` are `header_count`
 * pairs, name and value by turns. `body` may be NULL if `size` is 0.
 */
VX11_C_API void vx11_call_answer(vx11_call *call, int status, const char *const *headers,
                                 size_t header_count, const char *body, size_t size);
/**
 * Completes the call with a failure, mostly VX11_UNREACHABLE or VX11_TIMEOUT, and frees it. `detail`
 * is shown to those who asked: put no secret there, and nothing that came from the upstream.
 */
VX11_C_API void vx11_call_fail(vx11_call *call, vx11_code code, const char *detail);

/* ---- router ------------------------------------------------------------------------------------ */

/** Asks its targets in order until one answers. */
typedef struct vx11_router vx11_router;
/**
 * `{"total_timeout_ms":30000,"targets":[{"name":"switch","url":"http://127.0.0.1:8002",
 *   "try_timeout_ms":15000,"dialect":"switch","headers":{"x-vx11-token":"…"}},…]}`, in order of
 * preference. `dialect` is "switch" or "madre", by default that of the name. `transports` has one per target, in the same
 * order; `breakers`, too, or is NULL; a breaker that is NULL is made.
 */
VX11_C_API vx11_code vx11_router_new(const char *options, const vx11_transport *const *transports,
                                     const vx11_breaker *const *breakers, vx11_router **router,
                                     char **error);
VX11_C_API void vx11_router_free(vx11_router *router);
/**
 * `chat` is `{"message":"hello","session_id":"","user_id":"local","mode":"","metadata":{},
 * "context_summary":""}`; only `message` must be there. Answers `{"text":"…","source":"madre",
 * "rank":1,"reason":"switch_circuit_open","attempts":[{"target":"switch","outcome":"circuit_open",
 * "elapsed_ms":0.002},…],"upstream":{…}}`.
 */
VX11_C_API vx11_code vx11_router_ask(const vx11_router *router, const char *chat, int64_t timeout_ms,
                                     const vx11_stop *stop, char **reply, char **error);
/** Another handle to the breaker of a target; the caller frees it. */
VX11_C_API vx11_code vx11_router_breaker(const vx11_router *router, const char *target,
                                         vx11_breaker **breaker, char **error);

/* ---- power ------------------------------------------------------------------------------------- */

/** Talks to madre about power. */
typedef struct vx11_power vx11_power;
/** `{"url":"http://127.0.0.1:8001","timeout_ms":2000,"headers":{}}`; `breaker` may be NULL. */
VX11_C_API vx11_code vx11_power_new(const char *options, const vx11_transport *transport,
                                    const vx11_breaker *breaker, vx11_power **power, char **error);
VX11_C_API void vx11_power_free(vx11_power *power);
/**
 * `{"policy":"solo_madre","windows":[{"id":"…","created_at":"…","ttl_s":300,"services":[…]}],
 *   "running":[…],"available":[…]}`; `ttl_s` is null for a window held open.
 */
VX11_C_API vx11_code vx11_power_state(const vx11_power *power, int64_t timeout_ms,
                                      const vx11_stop *stop, char **state, char **error);

/** What madre can be told. */
typedef enum vx11_power_command {
  VX11_POWER_STATUS = 0,
  VX11_POWER_SOLO_MADRE_STATUS = 1,
  VX11_POWER_APPLY_SOLO_MADRE = 2,
  /** `{"services":["switch"],"ttl_s":300,"reason":""}`; `ttl_s` null holds the window open. */
  VX11_POWER_OPEN_WINDOW = 3,
  VX11_POWER_CLOSE_WINDOW = 4, /**< `{"id":""}`; empty: the one that is open. */
  VX11_POWER_START = 5,        /**< `{"service":"switch"}` */
  VX11_POWER_STOP = 6,         /**< `{"service":"switch"}` */
  VX11_POWER_RESTART = 7       /**< `{"service":"switch"}` */
} vx11_power_command;
/**
 * Sends one command, once. `arguments` as stated beside the command, NULL where nothing is.
 * Answers `{"status":200,"answer":{…}}` with what madre said; a refusal (4xx) is an answer, too.
 */
VX11_C_API vx11_code vx11_power_send(const vx11_power *power, vx11_power_command command,
                                     const char *arguments, int64_t timeout_ms, const vx11_stop *stop,
                                     char **answer, char **error);

/* ---- health ------------------------------------------------------------------------------------ */

/** Tells how everything is, without waking anything. */
typedef struct vx11_health vx11_health;
/**
 * `{"reuse_for_ms":0,"components":[{"name":"madre","port":8001,"required":true,"timeout_ms":2000,
 *   "check":"http","url":"http://127.0.0.1:8001","path":"/health","headers":{}},…]}`
 *
 * `check` is "http" (takes `url`, `path`, `headers` and a transport), "redis" (takes `url`), "breaker"
 * (takes a breaker, and is only read), "self", "absent" or "not_configured", which is the default.
 * `transports` and `breakers` have one entry per component, in the same order, NULL where it needs
 * none; either may be NULL as a whole. `power`, if not NULL, is looked at beside the components.
 */
VX11_C_API vx11_code vx11_health_new(const char *options, const vx11_transport *const *transports,
                                     const vx11_breaker *const *breakers, const vx11_power *power,
                                     vx11_health **health, char **error);
/** Waits for looks under way, unless something made out of it goes on using it. */
VX11_C_API void vx11_health_free(vx11_health *health);
/**
 * `{"overall":"ok","components":[{"name":"madre","status":"ok","port":8001,"required":true,
 *   "reason":"","error":"","latency_ms":0.4,"checked_at":"…Z","source":"probe"},…],"power":{…}}`;
 * `power` is null where nothing is known. When the timeout passes first: what is known by then.
 */
VX11_C_API vx11_code vx11_health_check(vx11_health *health, int64_t timeout_ms, const vx11_stop *stop,
                                       char **report, char **error);

/* ---- sessions ---------------------------------------------------------------------------------- */

/** Keeps what was said. */
typedef struct vx11_sessions vx11_sessions;
/** In memory. `{"messages":50,"idle_timeout_ms":3600000,"sessions":10000}` */
VX11_C_API vx11_code vx11_sessions_memory(const char *limits, vx11_sessions **sessions,
                                          char **error);
/** In an SQLite file, made if it is not there; the same limits. Calls block for a transaction. */
VX11_C_API vx11_code vx11_sessions_sqlite(const char *path, const char *limits,
                                          vx11_sessions **sessions, char **error);
VX11_C_API void vx11_sessions_free(vx11_sessions *sessions);
/** The newest `count` messages, oldest first: `[{"role","content","timestamp","metadata"},…]` */
VX11_C_API vx11_code vx11_sessions_recent(vx11_sessions *sessions, const char *id, size_t count,
                                          char **messages, char **error);
/** `{"id","user_id","created_at","last_accessed","messages":[…]}`, or `null` if there is none. */
VX11_C_API vx11_code vx11_sessions_find(vx11_sessions *sessions, const char *id, char **session,
                                        char **error);
/**
 * Adds a question and its answer, both or neither, with the present time:
 * `{"user":{"content":"hello","metadata":{}},"assistant":{"content":"hi","metadata":{}}}`
 */
VX11_C_API vx11_code vx11_sessions_append(vx11_sessions *sessions, const char *id,
                                          const char *user_id, const char *turn, char **error);

/* ---- operator API ------------------------------------------------------------------------------ */

/** The operator endpoints, as a function from request to response. Knows no server. */
typedef struct vx11_operator vx11_operator;
/** An answer. Read by one thread at a time. */
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
VX11_C_API void vx11_operator_free(vx11_operator *api);
/**
 * Answers one request; every HTTP error is an answer, too. `target` is path and query as they came,
 * `headers` are `header_count` pairs, name and value by turns. The caller frees the response.
 */
VX11_C_API vx11_code vx11_operator_handle(const vx11_operator *api, const char *method,
                                          const char *target, const char *const *headers,
                                          size_t header_count, const char *body, size_t size,
                                          int64_t timeout_ms, const vx11_stop *stop,
                                          vx11_response **response, char **error);
/** From now on `/readyz` says no. */
VX11_C_API void vx11_operator_drain(const vx11_operator *api);

VX11_C_API int vx11_response_status(const vx11_response *response);
VX11_C_API size_t vx11_response_header_count(const vx11_response *response);
/** NULL from `index` = count on. Lives as long as the response, like all of it. */
VX11_C_API const char *vx11_response_header_name(const vx11_response *response, size_t index);
VX11_C_API const char *vx11_response_header_value(const vx11_response *response, size_t index);
VX11_C_API const char *vx11_response_body(const vx11_response *response, size_t *size);
VX11_C_API void vx11_response_free(vx11_response *response);

#ifdef __cplusplus
}
#endif

#endif
