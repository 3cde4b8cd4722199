/* Every function of vx11.h, used from C: results, error codes and ownership. */
#include <vx11.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* ---- a custom transport ------------------------------------------------------------------------ */

typedef struct upstream {
  int status;
  const char *body;
  vx11_code fails;     /* unless VX11_OK */
  int calls;           /* read when no call is in progress */
  int released;
  char asked[512];     /* method, origin, target, first header and body of the last request */
  vx11_call *kept;     /* for a call that is completed later */
} upstream;

static void note(upstream *self, const vx11_call *call) {
  size_t size = 0;
  const char *body = vx11_call_body(call, &size);
  const char *name = vx11_call_header_name(call, 0);
  snprintf(self->asked, sizeof self->asked, "%s %s%s %s=%s %.*s", vx11_call_method(call),
           vx11_call_origin(call), vx11_call_target(call), name ? name : "",
           name ? vx11_call_header_value(call, 0) : "", (int)size, body);
  ++self->calls;
}

static void send_at_once(void *context, vx11_call *call) {
  static const char *headers[] = {"content-type", "application/json"};
  upstream *self = context;
  note(self, call);
  CHECK(vx11_call_header_name(call, vx11_call_header_count(call)) == NULL);
  CHECK(!vx11_call_abandoned(call));
  if (self->fails != VX11_OK) {
    vx11_call_fail(call, self->fails, "said so");
  } else {
    vx11_call_answer(call, self->status, headers, 1, self->body, strlen(self->body));
  }
}

static void *complete(void *call) {
  static const char body[] = "{\"response\":\"from another thread\"}";
  vx11_call_answer(call, 200, NULL, 0, body, sizeof body - 1);
  return NULL;
}

static void send_from_a_thread(void *context, vx11_call *call) {
  pthread_t thread;
  note(context, call);
  if (pthread_create(&thread, NULL, complete, call) != 0) abort();
  pthread_detach(thread);
}

static void send_never(void *context, vx11_call *call) {
  upstream *self = context;
  note(self, call);
  CHECK(vx11_call_remaining_ms(call) >= 0);
  self->kept = call;
}

static void *request_stop(void *stop) {
  vx11_stop_request(stop);
  return NULL;
}

static void send_and_stop(void *context, vx11_call *call) {
  upstream *self = context;
  self->kept = call;
}

static void release(void *context) { ++((upstream *)context)->released; }

static vx11_transport *transport_to(upstream *self, void (*send)(void *, vx11_call *)) {
  vx11_transport *transport = NULL;
  CHECK(vx11_transport_custom(send, self, release, &transport, NULL) == VX11_OK);
  return transport;
}

static vx11_router *router_to(const vx11_transport *transport, const vx11_breaker *breaker) {
  vx11_router *router = NULL;
  char *error = NULL;
  CHECK(vx11_router_new("{\"targets\":[{\"name\":\"switch\",\"url\":\"http://switch:1\","
                        "\"headers\":{\"x-vx11-token\":\"t\"}}]}",
                        &transport, &breaker, &router, &error) == VX11_OK);
  CHECK(error == NULL);
  return router;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void the_interface_tells_its_version(void) {
  CHECK(vx11_abi_version() == VX11_ABI_VERSION);
  CHECK(strchr(vx11_version(), '.') != NULL);
  CHECK(strcmp(vx11_code_text(VX11_OK), "ok") == 0);
  CHECK(strcmp(vx11_code_text(VX11_CIRCUIT_OPEN), "circuit_open") == 0);
  CHECK(strcmp(vx11_code_text(VX11_UNAVAILABLE), "unavailable") == 0);
  CHECK(strcmp(vx11_code_text(VX11_NO_MEMORY), "no_memory") == 0);
  CHECK(strcmp(vx11_code_text(VX11_REJECTED), "rejected") == 0);
  CHECK(strcmp(vx11_code_text(VX11_ADDRESS_UNAVAILABLE), "address_unavailable") == 0);
  CHECK(strcmp(vx11_code_text(VX11_EXHAUSTED), "exhausted") == 0);
  CHECK(strcmp(vx11_code_text((vx11_code)99), "internal") == 0);
}

static void a_value_out_of_range_is_named(void) {
  vx11_breaker *breaker = NULL;
  char *error = NULL;
  CHECK(vx11_breaker_new("{\"failures_to_open\":0,\"probe_timeout_ms\":0}", &breaker, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "failures_to_open must be 1 to 4194303; probe_timeout must be above 0");
  CHECK(breaker == NULL);
}

static void names_from_before_0_2_are_read_still(void) {
  vx11_breaker *breaker = NULL;
  vx11_transport *transport = NULL;
  vx11_sessions *sessions = NULL;
  char *error = NULL;
  CHECK(vx11_breaker_new("{\"probe_limit_ms\":5}", &breaker, NULL) == VX11_OK);
  CHECK(vx11_transport_new("{\"connect_limit_ms\":5,\"first_byte_limit_ms\":5,\"idle_for_ms\":5}",
                           &transport, NULL) == VX11_OK);
  CHECK(vx11_sessions_memory("{\"idle_ms\":5}", &sessions, NULL) == VX11_OK);
  vx11_breaker *none = NULL;
  CHECK(vx11_breaker_new("{\"probe_limit_ms\":5,\"probe_timeout_ms\":5}", &none, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "probe_limit_ms is an old name");
  vx11_sessions_free(sessions);
  vx11_transport_free(transport);
  vx11_breaker_free(breaker);
}

static void a_breaker_opens_after_its_failures(void) {
  vx11_breaker *breaker = NULL;
  vx11_permit *permit = NULL;
  int64_t retry_after_ms = 0;
  char *json = NULL;
  CHECK(vx11_breaker_new("{\"failures_to_open\":1,\"open_for_ms\":60000}", &breaker, NULL) == VX11_OK);
  CHECK(vx11_breaker_acquire(breaker, &permit, NULL) == VX11_OK);
  vx11_permit_finish(permit, VX11_NEUTRAL);
  CHECK(vx11_breaker_state(breaker) == VX11_CLOSED);
  CHECK(vx11_breaker_acquire(breaker, &permit, NULL) == VX11_OK);
  vx11_permit_finish(permit, VX11_FAILURE);
  CHECK(vx11_breaker_state(breaker) == VX11_OPEN);
  CHECK(vx11_breaker_acquire(breaker, &permit, &retry_after_ms) == VX11_CIRCUIT_OPEN);
  CHECK(retry_after_ms > 0 && retry_after_ms <= 60000);
  CHECK(vx11_breaker_snapshot(breaker, &json, NULL) == VX11_OK);
  CHECK_TEXT(json, "\"state\":\"open\"");
  vx11_breaker_free(breaker);
}

static void a_permit_outlives_its_breakers_handle(void) {
  vx11_breaker *breaker = NULL;
  vx11_permit *permit = NULL;
  CHECK(vx11_breaker_new("", &breaker, NULL) == VX11_OK);
  CHECK(vx11_breaker_acquire(breaker, &permit, NULL) == VX11_OK);
  vx11_breaker_free(breaker);
  vx11_permit_finish(permit, VX11_SUCCESS);
}

static void a_wrong_description_is_named(void) {
  vx11_breaker *breaker = NULL;
  char *error = NULL;
  CHECK(vx11_breaker_new("{\"probes\":-1,\"colour\":\"red\"}", &breaker, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK(breaker == NULL);
  CHECK(error && strstr(error, "probes is not a whole number"));
  CHECK_TEXT(error, "colour is not known");
  CHECK(vx11_breaker_new("[", &breaker, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "not a JSON object");
}

static void a_chat_is_answered_over_a_transport_of_our_own(void) {
  upstream self = {.status = 200, .body = "{\"response\":\"hello you\",\"model\":\"m\"}"};
  vx11_transport *transport = transport_to(&self, send_at_once);
  vx11_router *router = router_to(transport, NULL);
  char *reply = NULL, *error = NULL;
  vx11_transport_free(transport); /* the router keeps what it needs */
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\",\"session_id\":\"s\"}", -1, NULL, &reply,
                        &error) == VX11_OK);
  CHECK(error == NULL && self.calls == 1);
  CHECK(strstr(self.asked, "POST http://switch:1/switch/route-v5") != NULL);
  CHECK(reply && strstr(reply, "\"source\":\"switch\"") && strstr(reply, "\"model\":\"m\""));
  CHECK_TEXT(reply, "\"text\":\"hello you\"");
  CHECK(self.released == 0);
  vx11_router_free(router);
  CHECK(self.released == 1);
}

static void an_answer_may_come_from_another_thread(void) {
  upstream self = {.status = 200};
  vx11_transport *transport = transport_to(&self, send_from_a_thread);
  vx11_router *router = router_to(transport, NULL);
  char *reply = NULL;
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &reply, NULL) == VX11_OK);
  CHECK_TEXT(reply, "from another thread");
  vx11_router_free(router);
  vx11_transport_free(transport);
}

static void a_failure_tells_code_ledger_and_breaker(void) {
  upstream self = {.fails = VX11_UNREACHABLE};
  vx11_transport *transport = transport_to(&self, send_at_once);
  vx11_breaker *breaker = NULL, *same = NULL;
  char *reply = NULL, *error = NULL;
  CHECK(vx11_breaker_new("{\"failures_to_open\":1}", &breaker, NULL) == VX11_OK);
  vx11_router *router = router_to(transport, breaker);
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &reply, &error) == VX11_UNREACHABLE);
  CHECK(reply == NULL);
  CHECK_TEXT(error, "\"outcome\":\"unreachable\"");
  CHECK(vx11_breaker_state(breaker) == VX11_OPEN);
  CHECK(vx11_router_breaker(router, "switch", &same, NULL) == VX11_OK);
  CHECK(vx11_breaker_state(same) == VX11_OPEN);
  CHECK(vx11_router_breaker(router, "nobody", &same, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "no target has this name");
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &reply, &error) == VX11_CIRCUIT_OPEN);
  CHECK(error && strstr(error, "retry_after_ms"));
  CHECK_TEXT(error, "circuit_open");
  CHECK(self.calls == 1);
  vx11_breaker_free(same);
  vx11_router_free(router);
  vx11_breaker_free(breaker);
  vx11_transport_free(transport);
}

static void nobody_waits_longer_than_the_limit(void) {
  static const char late[] = "{\"response\":\"too late\"}";
  upstream self = {.status = 200};
  vx11_transport *transport = transport_to(&self, send_never);
  vx11_router *router = router_to(transport, NULL);
  char *reply = NULL, *error = NULL;
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", 20, NULL, &reply, &error) == VX11_TIMEOUT);
  CHECK_TEXT(error, "timeout");
  CHECK(vx11_call_abandoned(self.kept));
  vx11_call_answer(self.kept, 200, NULL, 0, late, sizeof late - 1); /* dropped, and freed */
  vx11_router_free(router);
  vx11_transport_free(transport);
}

static void a_stop_ends_a_call_under_way(void) {
  upstream self = {.status = 200};
  vx11_transport *transport = transport_to(&self, send_and_stop);
  vx11_router *router = router_to(transport, NULL);
  vx11_stop *stop = vx11_stop_new();
  char *reply = NULL;
  pthread_t thread;
  if (pthread_create(&thread, NULL, request_stop, stop) != 0) abort();
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, stop, &reply, NULL) == VX11_CANCELLED);
  pthread_join(thread, NULL);
  if (self.kept) vx11_call_fail(self.kept, VX11_CANCELLED, NULL); /* NULL if not sent */
  vx11_stop_free(stop);
  vx11_router_free(router);
  vx11_transport_free(transport);
}

static void a_dialect_is_described(void) {
  upstream self = {.status = 200,
                   .body = "{\"id\":7,\"choices\":[{\"message\":{\"content\":\"hello you\"}}]}"};
  vx11_transport *transport = transport_to(&self, send_at_once);
  const vx11_transport *list[] = {transport};
  vx11_router *router = NULL;
  char *text = NULL;
  CHECK(vx11_router_new(
            "{\"targets\":[{\"name\":\"model\",\"url\":\"http://m:1\",\"dialect\":{\"path\":\"/v1/chat\","
            "\"body\":{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"{message}\"}],"
            "\"more\":\"{metadata}\"},\"text\":\"/choices/0/message/content\"}}]}",
            list, NULL, &router, &text) == VX11_OK);
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\",\"metadata\":{\"a\":1}}", -1, NULL, &text, NULL) ==
        VX11_OK);
  CHECK(text && strstr(text, "\"upstream\":{\"id\":7}"));
  CHECK_TEXT(text, "\"text\":\"hello you\"");
  CHECK(strstr(self.asked, "POST http://m:1/v1/chat") != NULL);
  CHECK(strstr(self.asked, "{\"messages\":[{\"content\":\"hi\",\"role\":\"user\"}],\"model\":\"m\","
                           "\"more\":{\"a\":1}}") != NULL);
  self.body = "{\"n\":[-1e999],\"half\":\"\\ud800\","
              "\"choices\":[{\"message\":{\"content\":\"hello \\udc00\"}}]}";
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "\"text\":\"hello \xEF\xBF\xBD\"");
  self.body = "{\"choices\":[]}";
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &text, NULL) == VX11_INVALID_REPLY);
  vx11_router_free(router);
  CHECK(vx11_router_new("{\"targets\":[{\"name\":\"m\",\"url\":\"http://m:1\",\"dialect\":{\"path\":\"/x\","
                        "\"body\":{\"a\":1},\"text\":\"content\"}}]}",
                        list, NULL, &router, &text) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(text, "JSON pointer");
  vx11_transport_free(transport);
}

static void a_router_names_what_is_wrong(void) {
  upstream self = {.status = 200};
  vx11_transport *transport = transport_to(&self, send_at_once);
  const vx11_transport *list[] = {transport};
  vx11_router *router = NULL;
  char *error = NULL;
  CHECK(vx11_router_new("{\"targets\":[]}", NULL, NULL, &router, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "invalid_argument");
  CHECK(vx11_router_new("{\"targets\":[{\"nmae\":\"x\"}]}", list, NULL, &router, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "targets[0].nmae is not known");
  CHECK(router == NULL);
  vx11_transport_free(transport);
}

static void power_is_read_and_commanded(void) {
  upstream self = {.status = 200,
                   .body = "{\"policy\":\"solo_madre\",\"active_windows\":[],"
                           "\"running_services\":[\"madre\"],\"available_services\":[]}"};
  vx11_transport *transport = transport_to(&self, send_at_once);
  vx11_power *power = NULL;
  char *text = NULL;
  CHECK(vx11_power_new("{\"url\":\"http://madre:1\",\"headers\":{\"x-vx11-token\":\"t\"}}", transport,
                       NULL, &power, NULL) == VX11_OK);
  CHECK(vx11_power_state(power, 1000, NULL, &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "\"policy\":\"solo_madre\"");
  self.body = "{\"window_id\":\"w\"}";
  CHECK(vx11_power_send(power, VX11_POWER_OPEN_WINDOW, "{\"services\":[\"switch\"],\"ttl_s\":300}", 1000,
                        NULL, &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "\"answer\":{\"window_id\":\"w\"}");
  CHECK(strstr(self.asked, "/madre/power/window/open") && strstr(self.asked, "300"));
  CHECK(vx11_power_send(power, VX11_POWER_START, "{\"service\":\"toaster\"}", 1000, NULL, &text, NULL) ==
        VX11_INVALID_ARGUMENT);
  CHECK(vx11_power_send(power, VX11_POWER_STATUS, "{\"id\":\"x\"}", 1000, NULL, NULL, &text) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(text, "id is not known");
  self.fails = VX11_REJECTED;
  CHECK(vx11_power_state(power, 1000, NULL, NULL, &text) == VX11_REJECTED);
  CHECK_TEXT(text, "\"code\":\"rejected\"");
  vx11_power_free(power);
  vx11_transport_free(transport);
}

static void health_tells_of_every_kind_of_component(void) {
  upstream self = {.status = 200, .body = "{}"};
  vx11_transport *transport = transport_to(&self, send_at_once);
  vx11_breaker *breaker = NULL;
  vx11_health *health = NULL;
  char *report = NULL, *error = NULL;
  CHECK(vx11_breaker_new(NULL, &breaker, NULL) == VX11_OK);
  const vx11_transport *transports[] = {transport, NULL, NULL};
  const vx11_breaker *breakers[] = {NULL, breaker, NULL};
  CHECK(vx11_health_new(
            "{\"components\":[{\"name\":\"madre\",\"port\":8001,\"required\":true,\"check\":\"http\","
            "\"url\":\"http://madre:8001\"},{\"name\":\"switch\",\"check\":\"breaker\"},"
            "{\"name\":\"spawner\"}]}",
            transports, breakers, NULL, &health, NULL) == VX11_OK);
  CHECK(vx11_health_check(health, 5000, NULL, &report, NULL) == VX11_OK);
  CHECK(report && strstr(report, "\"overall\":\"ok\"") && strstr(report, "\"power\":null"));
  CHECK(report && strstr(report, "\"status\":\"available\""));
  CHECK_TEXT(report, "\"status\":\"unknown\"");
  CHECK(strstr(self.asked, "GET http://madre:8001/health") != NULL);
  CHECK(vx11_health_new("{\"components\":[{\"name\":\"a\",\"check\":\"breaker\"}]}", NULL, NULL, NULL,
                        &health, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "a: check breaker needs a breaker");
  vx11_health_free(health);
  vx11_breaker_free(breaker);
  vx11_transport_free(transport);
}

static void sessions_keep_what_was_said(vx11_sessions *sessions) {
  static const char turn[] = "{\"user\":{\"content\":\"h\\u00e9llo\"},"
                             "\"assistant\":{\"content\":\"hi\",\"metadata\":{\"n\":1}}}";
  char *text = NULL;
  CHECK(vx11_sessions_find(sessions, "s", &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "null");
  CHECK(vx11_sessions_append(sessions, "s", "local", turn, NULL) == VX11_OK);
  CHECK(vx11_sessions_recent(sessions, "s", 1, &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "[{\"role\":\"assistant\",\"content\":\"hi\"");
  CHECK(vx11_sessions_find(sessions, "s", &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "h\xc3\xa9llo");
  CHECK(vx11_sessions_append(sessions, "s", "local", "{\"user\":{\"contents\":\"x\"}}", &text) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(text, "user.contents is not known");
  vx11_sessions_free(sessions);
}

static vx11_sessions *memory_sessions(void) {
  vx11_sessions *sessions = NULL;
  CHECK(vx11_sessions_memory("{\"messages\":10}", &sessions, NULL) == VX11_OK);
  return sessions;
}

static void both_stores_keep_sessions(void) {
  vx11_sessions *sqlite = NULL;
  sessions_keep_what_was_said(memory_sessions());
  CHECK(vx11_sessions_sqlite(":memory:", NULL, &sqlite, NULL) == VX11_OK);
  sessions_keep_what_was_said(sqlite);
  CHECK(vx11_sessions_sqlite("/dev/null/no", NULL, &sqlite, NULL) == VX11_STORAGE);
}

static void the_operator_api_answers_requests(void) {
  upstream self = {.status = 200, .body = "{\"response\":\"hello you\"}"};
  vx11_transport *transport = transport_to(&self, send_at_once);
  vx11_router *router = router_to(transport, NULL);
  vx11_power *power = NULL;
  vx11_health *health = NULL;
  vx11_sessions *sessions = memory_sessions();
  vx11_operator *api = NULL;
  vx11_response *response = NULL;
  char *error = NULL;
  CHECK(vx11_power_new("{\"url\":\"http://madre:1\"}", transport, NULL, &power, NULL) == VX11_OK);
  CHECK(vx11_health_new(NULL, NULL, NULL, NULL, &health, NULL) == VX11_OK);
  CHECK(vx11_operator_new("{\"auth\":{\"token\":\"t\",\"open\":true}}", router, health, power, sessions,
                          &api, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "auth is one of");
  CHECK(vx11_operator_new("{\"auth\":{\"token\":\"t\"}}", router, NULL, NULL, NULL, &api, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "invalid_argument");
  CHECK(vx11_operator_new("{\"auth\":{\"token\":\"t\"}}", router, health, power, sessions, &api, NULL) ==
        VX11_OK);
  vx11_router_free(router);
  vx11_health_free(health);
  vx11_power_free(power);
  vx11_sessions_free(sessions);

  static const char chat[] = "{\"message\":\"hi\",\"session_id\":\"s\"}";
  const char *headers[] = {"x-vx11-token", "t", "content-type", "application/json"};
  size_t size = 0;
  CHECK(vx11_operator_handle(api, "POST", "/operator/chat/ask", headers, 2, chat, sizeof chat - 1, 5000,
                             NULL, &response, NULL) == VX11_OK);
  CHECK(vx11_response_status(response) == 200);
  CHECK(vx11_response_header_count(response) > 0);
  CHECK(vx11_response_header_value(response, 0) != NULL);
  CHECK(vx11_response_header_name(response, 99) == NULL);
  CHECK(strstr(vx11_response_body(response, &size), "hello you") != NULL && size > 9);
  vx11_response_free(response);

  CHECK(vx11_operator_handle(api, "POST", "/operator/chat/ask", NULL, 0, NULL, 0, 5000, NULL, &response,
                             NULL) == VX11_OK);
  CHECK(vx11_response_status(response) == 401);
  vx11_response_free(response);

  vx11_operator_drain(api);
  CHECK(vx11_operator_handle(api, "GET", "/readyz", NULL, 0, NULL, 0, 5000, NULL, &response, NULL) ==
        VX11_OK);
  CHECK(vx11_response_status(response) == 503);
  vx11_response_free(response);
  vx11_operator_free(api);
  vx11_transport_free(transport);
  CHECK(self.released == 1);
}

static void sockets_tell_who_is_not_there(void) {
  vx11_transport *transport = NULL;
  char *reply = NULL, *error = NULL;
  CHECK(vx11_transport_new("{\"connect_timeout_ms\":500,\"ca_file\":1}", &transport, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "ca_file is not text");
  CHECK(vx11_transport_new("{\"connect_timeout_ms\":500}", &transport, NULL) == VX11_OK);
  const vx11_transport *list[] = {transport};
  vx11_router *router = NULL;
  CHECK(vx11_router_new("{\"targets\":[{\"name\":\"madre\",\"url\":\"http://127.0.0.1:1\"}]}", list, NULL,
                        &router, NULL) == VX11_OK);
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", 5000, NULL, &reply, &error) ==
        VX11_UNREACHABLE);
  CHECK_TEXT(error, "\"upstream\":\"madre\"");
  vx11_router_free(router);
  vx11_transport_free(transport);
}

int main(void) {
  the_interface_tells_its_version();
  a_value_out_of_range_is_named();
  names_from_before_0_2_are_read_still();
  a_breaker_opens_after_its_failures();
  a_permit_outlives_its_breakers_handle();
  a_wrong_description_is_named();
  a_chat_is_answered_over_a_transport_of_our_own();
  an_answer_may_come_from_another_thread();
  a_failure_tells_code_ledger_and_breaker();
  nobody_waits_longer_than_the_limit();
  a_stop_ends_a_call_under_way();
  a_dialect_is_described();
  a_router_names_what_is_wrong();
  power_is_read_and_commanded();
  health_tells_of_every_kind_of_component();
  both_stores_keep_sessions();
  the_operator_api_answers_requests();
  sockets_tell_who_is_not_there();
  printf("18 tests, %d failed checks\n", failures);
  return failures == 0 ? 0 : 1;
}
