/* What becomes of a chat that the first target does not answer: rules, slow targets, last resorts and
 * shadows, from C against a real server of models. */
#define _POSIX_C_SOURCE 200809L
#include <vx11.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "upstream.h"

/* Three targets, distinguished by the paths of their APIs. */
#define LLAMA "{\"name\":\"llama\",\"url\":\"$\",\"dialect\":\"openai\",\"key\":\"k\"}"
#define OLLAMA "{\"name\":\"ollama\",\"url\":\"$\",\"dialect\":\"ollama\",\"model\":\"m\"}"
#define CLAUDE "{\"name\":\"claude\",\"url\":\"$\",\"dialect\":\"anthropic\",\"model\":\"m\",\"key\":\"k\"}"
#define CHAIN(more) "{\"targets\":[" LLAMA "," OLLAMA "," CLAUDE "]" more "}"

static void llama_has(const char *fault) {
  char text[256];
  fresh_upstream();
  snprintf(text, sizeof text, "{\"service\":\"models\",\"path\":\"/v1/chat\",\"fault\":\"%s\"}", fault);
  order("/__fault", text);
}

static void answers(const vx11_router *router, const char *source, const char *reason) {
  char *reply = NULL, *error = NULL;
  CHECK(vx11_router_ask(router, "{\"message\":\"hello\"}", 30000, NULL, &reply, &error) == VX11_OK);
  if (error != NULL) printf("%s\n", error);
  vx11_free(error);
  CHECK(reply != NULL && strstr(reply, "\"text\":\"model heard: hello\"") != NULL);
  CHECK(reply != NULL && strstr(reply, reason) != NULL);
  CHECK_TEXT(reply, source);
}

static void fails(const vx11_router *router, vx11_code code, const char *why) {
  char *reply = NULL, *error = NULL;
  CHECK(vx11_router_ask(router, "{\"message\":\"hello\"}", 30000, NULL, &reply, &error) == code);
  CHECK(reply == NULL);
  CHECK_TEXT(error, why);
}

static void a_rule_by_kind_leads_past_the_steps_between(void) {
  vx11_router *router =
      router_of(CHAIN(",\"fallback_rules\":[{\"when\":\"context_too_long\",\"next\":\"claude\"}]"));
  llama_has("context_too_long");
  answers(router, "\"source\":\"claude\"", "\"reason\":\"llama_error\"");
  CHECK(strstr(order("/__count", NULL), "/api/chat") == NULL);
  llama_has("500");
  answers(router, "\"source\":\"ollama\"", "\"reason\":\"llama_error\"");
  vx11_router_free(router);
}

static void a_rule_without_a_next_step_is_final(void) {
  vx11_router *router = router_of(
      CHAIN(",\"fallback_rules\":[{\"when\":\"content_refused\"},{\"statuses\":[404,410]},"
            "{\"statuses\":[429],\"when\":\"context_too_long\"}]"));
  llama_has("content_refused");
  fails(router, VX11_HTTP_STATUS, "\"upstream\":\"llama\"");
  llama_has("404");
  fails(router, VX11_HTTP_STATUS, "\"upstream\":\"llama\"");
  CHECK(strstr(order("/__count", NULL), "\"total\":1}") != NULL);
  llama_has("429");
  answers(router, "\"source\":\"ollama\"", "\"reason\":\"llama_error\"");
  vx11_router_free(router);
}

static void a_rule_ends_a_stream_before_its_first_piece(void) {
  vx11_router *router = router_of(CHAIN(",\"fallback_rules\":[{\"when\":\"content_refused\"}]"));
  vx11_stream *stream = NULL;
  char *error = NULL;
  llama_has("content_refused");
  CHECK(vx11_router_stream(router, "{\"message\":\"hello\"}", 30000, NULL, &stream, &error) ==
        VX11_HTTP_STATUS);
  CHECK_TEXT(error, "\"upstream\":\"llama\"");
  vx11_router_free(router);
}

static void a_slow_target_is_overtaken(void) {
  vx11_router *router = router_of(
      "{\"overtaken\":\"cancel\",\"targets\":[{\"name\":\"llama\",\"url\":\"$\",\"dialect\":\"openai\","
      "\"key\":\"k\",\"fallback_after_ms\":20}," OLLAMA "]}");
  llama_has("hang");
  answers(router, "\"source\":\"ollama\"", "\"reason\":\"llama_slow\"");
  CHECK(counts("\"abandoned\":1"));
  llama_has("none");
  answers(router, "\"source\":\"llama\"", "\"reason\":\"\"");
  vx11_router_free(router);
}

static void a_target_that_is_never_overtaken_has_its_whole_time(void) {
  vx11_router *router = router_of(
      "{\"targets\":[{\"name\":\"llama\",\"url\":\"$\",\"dialect\":\"openai\",\"key\":\"k\","
      "\"fallback_after_ms\":0,\"try_timeout_ms\":50}," OLLAMA "]}");
  llama_has("hang");
  answers(router, "\"source\":\"ollama\"", "\"reason\":\"llama_timeout\"");
  vx11_router_free(router);
}

static void a_stream_ends_with_the_total_time_of_its_target(void) {
  fresh_upstream();
  order("/__set", "{\"stream_released\":2}");
  vx11_router *router = router_of(
      "{\"targets\":[{\"name\":\"llama\",\"url\":\"$\",\"dialect\":\"openai\",\"key\":\"k\","
      "\"total_timeout_ms\":300}]}");
  vx11_stream *stream = NULL;
  char *pieces = NULL, *error = NULL;
  CHECK(vx11_router_stream(router, "{\"message\":\"hi\"}", 30000, NULL, &stream, NULL) == VX11_OK);
  CHECK(vx11_stream_read(stream, 30000, NULL, &pieces, NULL) == VX11_OK);
  vx11_free(pieces);
  CHECK(vx11_stream_read(stream, 30000, NULL, &pieces, &error) == VX11_TIMEOUT);
  CHECK_TEXT(error, "no complete answer within 300ms");
  vx11_stream_free(stream);
  vx11_router_free(router);
  fresh_upstream();
}

/* With an open breaker. */
static vx11_router *router_that_failed(const char *description) {
  vx11_router *router = router_of(description);
  vx11_breaker *breaker = NULL;
  CHECK(vx11_router_breaker(router, "llama", &breaker, NULL) == VX11_OK);
  llama_has("500");
  for (int each = 0; each < 3; ++each) fails(router, VX11_HTTP_STATUS, "500");
  CHECK(vx11_breaker_state(breaker) == VX11_OPEN);
  vx11_breaker_free(breaker);
  fresh_upstream();
  return router;
}

static void a_last_resort_is_asked_past_an_open_breaker(void) {
  vx11_router *router = router_that_failed("{\"targets\":[" LLAMA "]}");
  fails(router, VX11_CIRCUIT_OPEN, "\"retry_after_ms\":");
  vx11_router_free(router);
  router = router_that_failed("{\"last_resorts\":1,\"targets\":[" LLAMA "]}");
  answers(router, "\"source\":\"llama\"", "\"reason\":\"llama_circuit_open\"");
  vx11_router_free(router);
}

static void a_shadow_gets_copies_and_changes_no_answer(void) {
  vx11_router *router =
      router_of("{\"targets\":[" OLLAMA "],\"shadow\":{\"share\":0.5,\"target\":" LLAMA "}}");
  vx11_breaker *breaker = NULL;
  CHECK(vx11_router_breaker(router, "llama", &breaker, NULL) == VX11_OK);
  fresh_upstream();
  for (int each = 0; each < 8; ++each) answers(router, "\"source\":\"ollama\"", "\"reason\":\"\"");
  CHECK(counts("\"POST /v1/chat/completions\":4"));
  llama_has("500");
  for (int each = 0; each < 2; ++each) answers(router, "\"source\":\"ollama\"", "\"reason\":\"\"");
  CHECK(counts("\"POST /v1/chat/completions\":1"));
  vx11_breaker_free(breaker);
  vx11_router_free(router);
}

int main(void) {
  a_rule_by_kind_leads_past_the_steps_between();
  a_rule_without_a_next_step_is_final();
  a_rule_ends_a_stream_before_its_first_piece();
  a_slow_target_is_overtaken();
  a_target_that_is_never_overtaken_has_its_whole_time();
  a_stream_ends_with_the_total_time_of_its_target();
  a_last_resort_is_asked_past_an_open_breaker();
  a_shadow_gets_copies_and_changes_no_answer();
  printf("8 tests, %d failed checks\n", failures);
  return failures == 0 ? 0 : 1;
}
