/* Descriptions of targets, groups and breakers, and modes of breakers: what is accepted, and which
 * option an error names. */
#include <vx11.h>

#include <stdio.h>
#include <string.h>

#include "check.h"

static void a_router_error_names(const char *description, const char *mistake) {
  vx11_transport *sockets = NULL;
  vx11_router *router = NULL;
  char *error = NULL;
  CHECK(vx11_transport_new("{\"between_chunks_timeout_ms\":5}", &sockets, NULL) == VX11_OK);
  const vx11_transport *transports[] = {sockets, sockets};
  CHECK(vx11_router_new(description, transports, NULL, &router, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, mistake);
  vx11_transport_free(sockets);
}

static void wrong_targets_are_named(void) {
#define TARGET(fields) "{\"targets\":[{\"name\":\"a\",\"url\":\"http://h\"," fields "}]}"
  a_router_error_names(TARGET("\"dialect\":\"opnai\""), "targets[0].dialect is none of openai");
  a_router_error_names(TARGET("\"dialect\":\"switch\",\"model\":\"m\""),
                       "targets[0].model has no effect with this dialect");
  a_router_error_names(TARGET("\"dialect\":\"openai\",\"max_tokens\":5"),
                       "targets[0].max_tokens has no effect with this dialect");
  a_router_error_names(TARGET("\"dialect\":\"openai\",\"modle\":\"m\""),
                       "targets[0].modle is not known");
  a_router_error_names(TARGET("\"dialect\":\"openai\",\"extra\":{\"model\":\"m\"}"),
                       "target \\\"a\\\": extra: model is written by the dialect");
  a_router_error_names(TARGET("\"dialect\":\"anthropic\",\"model\":\"m\",\"max_tokens\":0"),
                       "max_tokens must be at least 1");
  a_router_error_names(TARGET("\"dialect\":\"openai\",\"group\":\"g\",\"weight\":0"),
                       "weight must be 1 to 1000");
  a_router_error_names(TARGET("\"dialect\":\"openai\",\"weight\":2"),
                       "targets[0].weight has no effect without a group");
  a_router_error_names(TARGET("\"dialect\":\"ollama\""),
                       "targets[0].model is missing: this API requires one");
  a_router_error_names(TARGET("\"dialect\":\"anthropic\",\"model\":\"\""),
                       "targets[0].model is missing: this API requires one");
  a_router_error_names("{\"targets\":[{\"name\":\"a\",\"url\":\"http://h/v1\",\"path\":\"/chat\","
                       "\"dialect\":\"openai\"}]}",
                       "targets[0].path replaces the path of url: give one of them");
  a_router_error_names("{\"targets\":{}}", "targets is not a list of objects");
  a_router_error_names("{\"targets\":[],\"groups\":\"all\"}", "groups is not a list of objects");
  a_router_error_names("{\"targets\":[7]}", "targets is not a list of objects");
  a_router_error_names(TARGET("\"dialect\":\"openai\",\"key\":\"k\\r\\nx: y\""),
                       "targets[0].key contains control characters");
  a_router_error_names("{\"targets\":[{\"name\":\"a\",\"url\":\"http://h/v1\"}]}", "path");
  a_router_error_names("{\"targets\":[{\"name\":\"a\",\"url\":\"http://h/v1?k=v\","
                       "\"dialect\":\"ollama\"}]}",
                       "targets[0].url must have no query or fragment");
  a_router_error_names(TARGET("\"dialect\":\"openai\",\"key\":7"), "targets[0].key is not text");
}

static void wrong_groups_are_named(void) {
#define GROUP(fields)                                                                     \
  "{\"targets\":[{\"name\":\"a\",\"url\":\"http://h\",\"dialect\":\"openai\",\"group\":\"g\"}]," \
  "\"groups\":[{\"name\":\"g\"," fields "}]}"
  a_router_error_names(GROUP("\"policy\":\"fastest\""), "groups[0].policy is none of peak_ewma");
  a_router_error_names(GROUP("\"policy\":\"least_in_flight\",\"decay_ms\":5"),
                       "groups[0].decay_ms is for the policy peak_ewma only");
  a_router_error_names(GROUP("\"max_targets\":0"), "max_targets must be at least 1");
  a_router_error_names(GROUP("\"decay_ms\":0"), "decay");
  a_router_error_names("{\"targets\":[{\"name\":\"a\",\"url\":\"http://h\",\"dialect\":\"openai\"}],"
                       "\"groups\":[{\"name\":\"g\"}]}",
                       "group \\\"g\\\": no target has it");
}

static void wrong_rules_are_named(void) {
#define RULES(rules) \
  "{\"targets\":[{\"name\":\"a\",\"url\":\"http://h\",\"dialect\":\"openai\"}],\"fallback_rules\":" rules "}"
  a_router_error_names(RULES("[{}]"), "fallback rule 1: neither statuses nor a condition");
  a_router_error_names(RULES("[{\"statuses\":[204]}]"),
                       "fallback rule 1: status 204 is not one of 100 to 599 outside 2xx");
  a_router_error_names(RULES("[{\"statuses\":[400],\"next\":\"b\"}]"),
                       "fallback rule 1: \\\"b\\\" is neither a group nor a target without a group");
  a_router_error_names(RULES("[{\"when\":\"too_long\"}]"),
                       "fallback_rules[0].when is neither context_too_long nor content_refused");
  a_router_error_names(RULES("[{\"statuses\":[\"400\"]}]"),
                       "fallback_rules[0].statuses is not a list of whole numbers");
  a_router_error_names(RULES("[{\"statuses\":[-400]}]"), "statuses is not a list of whole numbers");
  a_router_error_names(RULES("[{\"statuses\":400}]"), "statuses is not a list of whole numbers");
  a_router_error_names(RULES("[{\"status\":[400]}]"), "fallback_rules[0].status is not known");
  a_router_error_names(RULES("{}"), "fallback_rules is not a list of objects");
}

static void wrong_fallbacks_and_shadows_are_named(void) {
#define ROUTER(fields) \
  "{\"targets\":[{\"name\":\"a\",\"url\":\"http://h\",\"dialect\":\"openai\"}]," fields "}"
#define SHADOW(fields) "{\"name\":\"b\",\"url\":\"http://h\",\"dialect\":\"openai\"" fields "}"
  a_router_error_names(TARGET("\"dialect\":\"openai\",\"fallback_after_ms\":-1"),
                       "targets[0].fallback_after_ms is not a number of at least 0");
  a_router_error_names(ROUTER("\"overtaken\":\"stop\""), "overtaken is neither observe nor cancel");
  a_router_error_names(ROUTER("\"last_resorts\":-1"), "last_resorts is not a whole number in range");
  a_router_error_names(ROUTER("\"shadow\":{}"), "shadow \\\"\\\": no name");
  a_router_error_names(ROUTER("\"shadow\":{\"target\":" SHADOW("") ",\"share\":2}"),
                       "shadow \\\"b\\\": share must be 0 to 1");
  a_router_error_names(ROUTER("\"shadow\":{\"target\":" SHADOW("") ",\"max_in_flight\":0}"),
                       "max_in_flight must be at least 1");
  a_router_error_names(ROUTER("\"shadow\":{\"target\":" SHADOW(",\"fallback_after_ms\":5") "}"),
                       "it can have no fallback_after");
  a_router_error_names(ROUTER("\"shadow\":{\"target\":" SHADOW(",\"modle\":\"m\"") "}"),
                       "shadow.target.modle is not known");
  a_router_error_names(ROUTER("\"shadow\":{\"target\":" SHADOW("") ",\"rate\":1}"),
                       "shadow.rate is not known");
}

static void a_wrong_history_is_named(void) {
  vx11_transport *sockets = NULL;
  vx11_router *router = NULL;
  char *reply = NULL, *error = NULL;
  CHECK(vx11_transport_new(NULL, &sockets, NULL) == VX11_OK);
  const vx11_transport *transports[] = {sockets};
  CHECK(vx11_router_new("{\"targets\":[{\"name\":\"switch\",\"url\":\"http://h\"}]}", transports, NULL,
                        &router, NULL) == VX11_OK);
  CHECK(vx11_router_ask(router, "{\"message\":\"a\",\"history\":[{\"role\":\"tool\",\"content\":\"\"}]}",
                        -1, NULL, &reply, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "history[0].role is none of system, user and assistant");
  vx11_stream *stream = NULL;
  CHECK(vx11_router_stream(router, "{\"massage\":\"a\"}", -1, NULL, &stream, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "massage is not known");
  CHECK(vx11_router_stream(router, "{\"message\":\"a\"}", -1, NULL, NULL, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "its pointer is NULL");
  CHECK(stream == NULL);
  vx11_router_free(router);
  vx11_transport_free(sockets);
}

static void answer_at_once(void *context, vx11_call *call) {
  static const char body[] = "{\"response\":\"h\\u00e9llo\"}";
  (void)context;
  vx11_call_answer(call, 200, NULL, 0, body, sizeof body - 1);
}

static void wrong_files_of_a_transport_are_named(void) {
  vx11_transport *sockets = NULL;
  char *error = NULL;
  CHECK(vx11_transport_new("{\"ca_file\":\"/none/ca.pem\"}", &sockets, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "the trusted certificates cannot be read");
  CHECK(vx11_transport_new("{\"key_file\":\"/none/key.pem\"}", &sockets, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "certificate");
  CHECK(sockets == NULL);
}

static void a_custom_transport_streams_one_piece(void) {
  vx11_transport *own = NULL;
  vx11_router *router = NULL;
  vx11_stream *stream = NULL;
  char *pieces = NULL, *error = NULL;
  CHECK(vx11_transport_custom(answer_at_once, NULL, NULL, &own, NULL) == VX11_OK);
  const vx11_transport *transports[] = {own};
  CHECK(vx11_router_new("{\"targets\":[{\"name\":\"switch\",\"url\":\"http://h\"}]}", transports, NULL,
                        &router, NULL) == VX11_OK);
  CHECK(vx11_router_stream(router, "{\"message\":\"a\"}", -1, NULL, &stream, NULL) == VX11_OK);
  CHECK(vx11_stream_read(stream, -1, NULL, &pieces, NULL) == VX11_OK);
  CHECK_TEXT(pieces, "[{\"text\":\"h\xc3\xa9llo\",");
  CHECK(vx11_stream_read(stream, -1, NULL, &pieces, NULL) == VX11_OK && pieces == NULL);
  CHECK(vx11_stream_each(stream, NULL, NULL, -1, NULL, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "on_piece is NULL");
  vx11_stream_free(stream);
  CHECK(vx11_stream_read(stream, -1, NULL, &pieces, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "stream was released");
  vx11_router_free(router);
  vx11_transport_free(own);
}

static void a_custom_transport_is_never_overtaken(void) {
  vx11_transport *own = NULL, *sockets = NULL;
  vx11_router *router = NULL;
  char *error = NULL;
  CHECK(vx11_transport_custom(answer_at_once, NULL, NULL, &own, NULL) == VX11_OK);
  CHECK(vx11_transport_new(NULL, &sockets, NULL) == VX11_OK);
  const vx11_transport *transports[] = {sockets, own};
  static const char two[] =
      "{\"targets\":[{\"name\":\"switch\",\"url\":\"http://h\",\"fallback_after_ms\":%d},"
      "{\"name\":\"madre\",\"url\":\"http://h\"}]}";
  char text[256];
  snprintf(text, sizeof text, two, 5);
  CHECK(vx11_router_new(text, transports, NULL, &router, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "targets[0].fallback_after_ms has no effect: a target of the router has a custom");
  snprintf(text, sizeof text, two, 0);
  CHECK(vx11_router_new(text, transports, NULL, &router, NULL) == VX11_OK);
  vx11_router_free(router);
  static const char shadow[] =
      "{\"targets\":[{\"name\":\"switch\",\"url\":\"http://h\"}],"
      "\"shadow\":{\"target\":{\"name\":\"madre\",\"url\":\"http://h\"}}}";
  CHECK(vx11_router_new(shadow, transports, NULL, &router, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "its transport blocks, which would delay the chats");
  vx11_transport_free(sockets);
  vx11_transport_free(own);
}

/* ---- breakers ---------------------------------------------------------------------------------- */

static vx11_circuit_state state_after(const char *options, const char *outcomes) {
  vx11_breaker *breaker = NULL;
  char *error = NULL;
  CHECK(vx11_breaker_new(options, &breaker, &error) == VX11_OK);
  if (error != NULL) printf("%s\n", error);
  for (const char *each = outcomes; *each != '\0'; ++each) {
    vx11_permit *permit = NULL;
    if (vx11_breaker_acquire(breaker, &permit, NULL) != VX11_OK) break;
    vx11_permit_finish(permit, *each == '+' ? VX11_SUCCESS : VX11_FAILURE);
  }
  const vx11_circuit_state state = vx11_breaker_state(breaker);
  vx11_breaker_free(breaker);
  return state;
}

static void windows_open_a_breaker(void) {
  static const char count[] =
      "{\"trip\":{\"window\":\"count\",\"size\":4,\"minimum_calls\":4,\"failure_rate\":0.5}}";
  CHECK(state_after(count, "---") == VX11_CLOSED);
  CHECK(state_after(count, "++-+-+") == VX11_OPEN);
  CHECK(state_after(count, "-+++-+") == VX11_CLOSED);
  static const char time[] =
      "{\"trip\":{\"window\":\"time\",\"span_ms\":3600000,\"buckets\":6,\"minimum_calls\":5,"
      "\"failure_rate\":0.4}}";
  CHECK(state_after(time, "-+-+") == VX11_CLOSED);
  CHECK(state_after(time, "-+-++") == VX11_OPEN);
  CHECK(state_after("{\"trip\":{\"window\":\"count\",\"size\":2,\"minimum_calls\":2,"
                    "\"slow\":{\"after_ms\":0,\"rate\":1}}}",
                    "++") == VX11_OPEN);
  CHECK(state_after("{\"growth\":{\"factor\":2,\"at_most_ms\":120000,\"jitter\":{\"from\":0.5,\"to\":1}},"
                    "\"probes\":4,\"probes_to_close\":2}",
                    "--") == VX11_CLOSED);
}

static void a_breaker_error_names(const char *options, const char *mistake) {
  vx11_breaker *breaker = NULL;
  char *error = NULL;
  CHECK(vx11_breaker_new(options, &breaker, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, mistake);
}

static void wrong_windows_are_named(void) {
  a_breaker_error_names("{\"trip\":{\"window\":\"calls\"}}", "trip.window is neither count nor time");
  a_breaker_error_names("{\"trip\":7}", "\"detail\":\"trip is not an object\"");
  a_breaker_error_names("{\"failures_to_open\":3,\"trip\":{\"window\":\"count\"}}",
                        "failures_to_open has no effect with trip");
  a_breaker_error_names("{\"trip\":{}}", "trip.window is missing");
  a_breaker_error_names("{\"trip\":{\"window\":\"count\",\"span_ms\":5}}", "trip.span_ms is not known");
  a_breaker_error_names("{\"trip\":{\"window\":\"count\",\"failure_rate\":2}}",
                        "trip.failure_rate must be above 0 and at most 1");
  a_breaker_error_names("{\"trip\":{\"window\":\"time\",\"slow\":{\"rate\":\"all\"}}}",
                        "trip.slow.rate is not a number");
  a_breaker_error_names("{\"growth\":{\"factor\":0.5}}", "growth.factor must be at least 1");
  a_breaker_error_names("{\"growth\":{\"jitter\":{\"most\":1}}}", "growth.jitter.most is not known");
}

static void a_breaker_is_controlled(void) {
  vx11_breaker *breaker = NULL;
  vx11_circuit_mode mode = VX11_DISABLED;
  vx11_permit *permit = NULL;
  CHECK(vx11_breaker_new("{\"failures_to_open\":1}", &breaker, NULL) == VX11_OK);
  CHECK(vx11_breaker_mode(breaker, &mode) == VX11_OK && mode == VX11_AUTOMATIC);
  CHECK(vx11_breaker_set_mode(breaker, VX11_ISOLATED) == VX11_OK);
  CHECK(vx11_breaker_mode(breaker, &mode) == VX11_OK && mode == VX11_ISOLATED);
  CHECK(vx11_breaker_acquire(breaker, &permit, NULL) == VX11_CIRCUIT_OPEN);
  for (int each = VX11_FORCED_CLOSED; each <= VX11_METRICS_ONLY; ++each) {
    CHECK(vx11_breaker_set_mode(breaker, (vx11_circuit_mode)each) == VX11_OK);
    CHECK(vx11_breaker_acquire(breaker, &permit, NULL) == VX11_OK);
    vx11_permit_finish(permit, VX11_FAILURE);
    CHECK(vx11_breaker_state(breaker) == VX11_CLOSED);
    CHECK(vx11_breaker_mode(breaker, &mode) == VX11_OK && (int)mode == each);
  }
  CHECK(vx11_breaker_set_mode(breaker, (vx11_circuit_mode)7) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_breaker_set_mode(breaker, VX11_AUTOMATIC) == VX11_OK);
  CHECK(vx11_breaker_acquire(breaker, &permit, NULL) == VX11_OK);
  vx11_permit_finish(permit, VX11_FAILURE);
  CHECK(vx11_breaker_state(breaker) == VX11_OPEN);
  CHECK(vx11_breaker_reset(breaker) == VX11_OK && vx11_breaker_state(breaker) == VX11_CLOSED);
  vx11_breaker_free(breaker);
  CHECK(vx11_breaker_reset(breaker) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_breaker_mode(breaker, &mode) == VX11_INVALID_ARGUMENT);
}

int main(void) {
  wrong_targets_are_named();
  wrong_groups_are_named();
  wrong_rules_are_named();
  wrong_fallbacks_and_shadows_are_named();
  a_wrong_history_is_named();
  wrong_files_of_a_transport_are_named();
  a_custom_transport_streams_one_piece();
  a_custom_transport_is_never_overtaken();
  windows_open_a_breaker();
  wrong_windows_are_named();
  a_breaker_is_controlled();
  printf("11 tests, %d failed checks\n", failures);
  return failures == 0 ? 0 : 1;
}
