/* Chats through every dialect, groups and streams, from C against a real server of models. */
#define _POSIX_C_SOURCE 200809L
#include <vx11.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "upstream.h"

static const char *const dialects[] = {"openai", "ollama", "anthropic"};

static vx11_router *router_to(const char *dialect) {
  char text[256];
  snprintf(text, sizeof text,
           "{\"targets\":[{\"name\":\"llama\",\"url\":\"$\",\"dialect\":\"%s\",\"model\":\"m\","
           "\"key\":\"k\"}]}",
           dialect);
  return router_of(text);
}

static vx11_stream *stream_of(const vx11_router *router, const char *chat) {
  vx11_stream *stream = NULL;
  char *error = NULL;
  CHECK(vx11_router_stream(router, chat, 30000, NULL, &stream, &error) == VX11_OK);
  if (error != NULL) printf("%s\n", error);
  vx11_free(error);
  return stream;
}

/* ---- what a callback collects ------------------------------------------------------------------ */

typedef struct answer {
  char text[1024];
  int pieces;
  int last;            /* after so many it ends the stream; 0: never */
  vx11_stream *frees;  /* with the last one, if not NULL */
  pthread_t thread;    /* of the caller */
} answer;

static int collect(void *context, const char *text, size_t text_size, const char *data,
                   size_t data_size) {
  answer *self = context;
  CHECK(strlen(text) == text_size && strlen(data) == data_size && data_size > 0);
  CHECK(pthread_equal(self->thread, pthread_self()));
  strncat(self->text, text, sizeof self->text - strlen(self->text) - 1);
  if (++self->pieces != self->last) return 0;
  if (self->frees != NULL) CHECK(vx11_stream_free(self->frees) == VX11_OK);
  return self->frees == NULL;
}

static vx11_code collect_all(vx11_stream *stream, answer *into, char **error) {
  into->thread = pthread_self();
  return vx11_stream_each(stream, collect, into, 30000, NULL, error);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void every_dialect_answers_whole(void) {
  for (size_t i = 0; i < 3; ++i) {
    vx11_router *router = router_to(dialects[i]);
    char *reply = NULL;
    CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", 30000, NULL, &reply, NULL) == VX11_OK);
    CHECK_TEXT(reply, "\"text\":\"model heard: hi\",\"source\":\"llama\"");
    vx11_router_free(router);
  }
}

static void every_dialect_streams(void) {
  for (size_t i = 0; i < 3; ++i) {
    vx11_router *router = router_to(dialects[i]);
    vx11_stream *stream = stream_of(router, "{\"message\":\"one two\"}");
    vx11_router_free(router);
    answer got = {.text = ""};
    char *summary = NULL;
    CHECK(collect_all(stream, &got, NULL) == VX11_OK);
    CHECK(strcmp(got.text, "model heard: one two") == 0);
    CHECK(got.pieces >= 4);
    CHECK(vx11_stream_summary(stream, &summary, NULL) == VX11_OK);
    CHECK(summary && strstr(summary, "\"source\":\"llama\"") &&
          strstr(summary, "\"outcome\":\"answered\"") && strstr(summary, "\"output_tokens\":"));
    CHECK_TEXT(summary, "\"finish_reason\":\"stop\"");
    CHECK(vx11_stream_free(stream) == VX11_OK);
  }
}

static void a_target_has_its_own_path_history_and_members(void) {
  fresh_upstream();
  vx11_router *router = router_of(
      "{\"targets\":[{\"name\":\"a\",\"url\":\"$/v1/\",\"dialect\":\"openai\",\"model\":\"m7\","
      "\"system_prompt\":\"be brief\",\"extra\":{\"temperature\":0.25},"
      "\"headers\":{\"authorization\":\"Bearer k\",\"x-team\":\"blue\"},\"key\":\"other\"}]}");
  char *reply = NULL;
  CHECK(vx11_router_ask(router,
                        "{\"message\":\"hi\",\"history\":[{\"role\":\"user\",\"content\":\"before\"},"
                        "{\"role\":\"assistant\",\"content\":\"noted\"}]}",
                        30000, NULL, &reply, NULL) == VX11_OK);
  vx11_free(reply);
  const char *last = order("/__last", NULL);
  CHECK(strstr(last, "\"target\":\"/v1/chat/completions\"") && strstr(last, "\"x-team\":\"blue\""));
  CHECK(strstr(last, "be brief") && strstr(last, "before") && strstr(last, "noted"));
  CHECK(strstr(last, "m7") && strstr(last, "0.25"));
  vx11_router_free(router);
}

static void a_group_shares_its_chats_by_weight(void) {
  vx11_router *router = router_of(
      "{\"targets\":[{\"name\":\"a\",\"url\":\"$\",\"dialect\":\"openai\",\"key\":\"k\","
      "\"group\":\"gpus\",\"weight\":3},{\"name\":\"b\",\"url\":\"$\",\"dialect\":\"openai\","
      "\"key\":\"k\",\"group\":\"gpus\"}],"
      "\"groups\":[{\"name\":\"gpus\",\"policy\":\"weighted_round_robin\"}]}");
  int of_a = 0, of_b = 0;
  for (int i = 0; i < 8; ++i) {
    char *reply = NULL;
    CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", 30000, NULL, &reply, NULL) == VX11_OK);
    of_a += reply && strstr(reply, "\"source\":\"a\"");
    of_b += reply && strstr(reply, "\"source\":\"b\"");
    vx11_free(reply);
  }
  CHECK(of_a == 6 && of_b == 2);
  vx11_router_free(router);
}

static void a_target_that_is_down_is_passed_by(void) {
  vx11_router *router = router_of(
      "{\"targets\":[{\"name\":\"down\",\"url\":\"http://127.0.0.1:1\",\"dialect\":\"openai\"},"
      "{\"name\":\"up\",\"url\":\"$\",\"dialect\":\"openai\",\"key\":\"k\"}]}");
  vx11_stream *stream = stream_of(router, "{\"message\":\"hi\"}");
  char *summary = NULL;
  CHECK(vx11_stream_summary(stream, &summary, NULL) == VX11_OK);
  CHECK(summary && strstr(summary, "\"source\":\"up\",\"reason\":\"down_unreachable\""));
  CHECK_TEXT(summary, "\"finish_reason\":null");
  vx11_stream_free(stream);
  vx11_router_free(router);
}

static void pieces_are_read_as_they_arrive(void) {
  fresh_upstream();
  order("/__set", "{\"stream_released\":2}");
  vx11_router *router = router_to("openai");
  vx11_stream *stream = stream_of(router, "{\"message\":\"hi\"}");
  char *pieces = NULL;
  CHECK(vx11_stream_read(stream, 30000, NULL, &pieces, NULL) == VX11_OK);
  CHECK(pieces && strstr(pieces, "heard") == NULL);
  CHECK_TEXT(pieces, "{\"text\":\"model \",\"data\":\"{");
  order("/__set", "{\"stream_released\":1000000}");
  answer got = {.text = ""};
  CHECK(collect_all(stream, &got, NULL) == VX11_OK);
  CHECK(strcmp(got.text, "heard: hi") == 0);
  pieces = (char *)"unchanged";
  CHECK(vx11_stream_read(stream, 0, NULL, &pieces, NULL) == VX11_OK);
  CHECK(pieces == NULL);
  vx11_stream_free(stream);
  vx11_router_free(router);
}

/* Releases the rest of a stream that has stopped, once its last piece so far has arrived. */
static int release_rest(void *context, const char *text, size_t text_size, const char *data,
                        size_t data_size) {
  int *left = context;
  (void)text, (void)text_size, (void)data, (void)data_size;
  if (--*left == 0) order("/__set", "{\"stream_released\":1000000}");
  return 0;
}

/* Wherever the stream pauses, so also between its last piece and its end. */
static void an_end_may_arrive_alone(void) {
  for (int released = 2; released < 6; ++released) {
    char count[64];
    fresh_upstream();
    snprintf(count, sizeof count, "{\"stream_released\":%d}", released);
    order("/__set", count);
    vx11_router *router = router_to("openai");
    vx11_stream *stream = stream_of(router, "{\"message\":\"hi\"}");
    int left = released;
    char *summary = NULL;
    CHECK(vx11_stream_each(stream, release_rest, &left, 30000, NULL, NULL) == VX11_OK);
    CHECK(left <= 0);
    CHECK(vx11_stream_summary(stream, &summary, NULL) == VX11_OK);
    CHECK_TEXT(summary, "\"finish_reason\":\"stop\"");
    vx11_stream_free(stream);
    vx11_router_free(router);
  }
  fresh_upstream();
}

static void a_freed_stream_closes_its_connection(void) {
  fresh_upstream();
  order("/__set", "{\"stream_released\":2}");
  vx11_router *router = router_to("openai");
  vx11_stream *stream = stream_of(router, "{\"message\":\"hi\"}");
  CHECK(counts("\"open\":1"));
  CHECK(vx11_stream_free(stream) == VX11_OK);
  CHECK(counts("\"abandoned\":1,\"connections\":1,\"open\":0"));
  CHECK(vx11_stream_free(stream) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_stream_free(NULL) == VX11_OK);
  vx11_router_free(router);
}

static void a_callback_ends_the_stream(void) {
  fresh_upstream();
  order("/__set", "{\"stream_released\":3}");
  vx11_router *router = router_to("openai");
  vx11_stream *stream = stream_of(router, "{\"message\":\"hi\"}");
  answer got = {.text = "", .last = 2};
  char *error = NULL;
  CHECK(collect_all(stream, &got, &error) == VX11_CANCELLED);
  CHECK_TEXT(error, "the caller ended the stream");
  CHECK(got.pieces == 2);
  CHECK(counts("\"abandoned\":1,\"connections\":1,\"open\":0"));
  CHECK(collect_all(stream, &got, &error) == VX11_CANCELLED && got.pieces == 2);
  vx11_free(error);
  vx11_stream_free(stream);

  order("/__reset", "");
  stream = stream_of(router, "{\"message\":\"hi\"}");
  got = (answer){.text = "", .last = 2, .frees = stream};
  CHECK(collect_all(stream, &got, NULL) == VX11_CANCELLED);
  CHECK(got.pieces == 2);
  CHECK(counts("\"abandoned\":1"));
  vx11_router_free(router);
}

static void a_stream_that_a_callback_ended_is_never_complete(void) {
  fresh_upstream();
  vx11_router *router = router_to("openai");
  for (int last = 1; last < 6; ++last) {
    vx11_stream *stream = stream_of(router, "{\"message\":\"hi\"}");
    answer got = {.text = "", .last = last};
    char *text = NULL, *error = NULL;
    const vx11_code code = collect_all(stream, &got, NULL);
    CHECK(code == (got.pieces == last ? VX11_CANCELLED : VX11_OK));
    CHECK(last > 2 || code == VX11_CANCELLED);
    CHECK(vx11_stream_read(stream, 30000, NULL, &text, &error) == code && text == NULL);
    if (code != VX11_OK) CHECK_TEXT(error, "the caller ended the stream");
    CHECK(vx11_stream_summary(stream, &text, NULL) == VX11_OK);
    CHECK_TEXT(text, code == VX11_OK ? "\"finish_reason\":\"stop\"" : "\"finish_reason\":null");
    vx11_stream_free(stream);
  }
  vx11_router_free(router);
}

static void a_stream_that_breaks_says_so(void) {
  static const char *const kinds[] = {"stream_break", "stream_cut", "stream_error"};
  for (size_t i = 0; i < 9; ++i) {
    char fault[128];
    fresh_upstream();
    snprintf(fault, sizeof fault, "{\"service\":\"models\",\"fault\":\"%s\",\"after\":4}", kinds[i / 3]);
    order("/__fault", fault);
    vx11_router *router = router_to(dialects[i % 3]);
    vx11_stream *stream = stream_of(router, "{\"message\":\"one two three four\"}");
    answer got = {.text = ""};
    char *error = NULL, *summary = NULL;
    CHECK(collect_all(stream, &got, &error) != VX11_OK);
    CHECK(got.pieces > 0 && strncmp(got.text, "model ", 6) == 0);
    CHECK(error && strstr(error, "\"upstream\":\"llama\""));
    CHECK_TEXT(error, "\"detail\":\"the stream ended early, after ");
    CHECK(vx11_stream_read(stream, 30000, NULL, &summary, &error) != VX11_OK);
    CHECK_TEXT(error, "the stream ended early");
    CHECK(vx11_stream_summary(stream, &summary, NULL) == VX11_OK);
    CHECK_TEXT(summary, "\"finish_reason\":null");
    vx11_stream_free(stream);
    vx11_router_free(router);
  }
  fresh_upstream();
}

static void a_piece_that_does_not_arrive_is_a_timeout(void) {
  fresh_upstream();
  order("/__set", "{\"stream_released\":2}");
  vx11_router *router = router_to("openai");
  vx11_stream *stream = stream_of(router, "{\"message\":\"hi\"}");
  char *pieces = NULL, *error = NULL;
  CHECK(vx11_stream_read(stream, 30000, NULL, &pieces, NULL) == VX11_OK);
  vx11_free(pieces);
  CHECK(vx11_stream_read(stream, 20, NULL, &pieces, &error) == VX11_TIMEOUT);
  CHECK_TEXT(error, "the stream ended early, after ");
  vx11_stream_free(stream);
  vx11_router_free(router);
}

/* ---- threads ----------------------------------------------------------------------------------- */

static void *stop_soon(void *stop) {
  vx11_stop_request(stop);
  return NULL;
}

static void a_stop_ends_a_read(void) {
  fresh_upstream();
  order("/__set", "{\"stream_released\":2}");
  vx11_router *router = router_to("openai");
  vx11_stream *stream = stream_of(router, "{\"message\":\"hi\"}");
  vx11_stop *stop = vx11_stop_new();
  pthread_t thread;
  char *pieces = NULL;
  CHECK(vx11_stream_read(stream, 30000, stop, &pieces, NULL) == VX11_OK);
  vx11_free(pieces);
  if (pthread_create(&thread, NULL, stop_soon, stop) != 0) abort();
  CHECK(vx11_stream_read(stream, -1, stop, &pieces, NULL) == VX11_CANCELLED);
  pthread_join(thread, NULL);
  CHECK(counts("\"open\":0"));
  vx11_stop_free(stop);
  vx11_stream_free(stream);
  vx11_router_free(router);
}

typedef struct reader {
  vx11_stream *stream;
  atomic_int pieces;
  vx11_code code;
} reader;

static int count_piece(void *context, const char *text, size_t text_size, const char *data,
                       size_t data_size) {
  (void)text, (void)text_size, (void)data, (void)data_size;
  ++((reader *)context)->pieces;
  return 0;
}

static void *read_endlessly(void *context) {
  reader *self = context;
  self->code = vx11_stream_each(self->stream, count_piece, self, 30000, NULL, NULL);
  return NULL;
}

static void no_piece_is_delivered_after_free(void) {
  fresh_upstream();
  order("/__fault", "{\"service\":\"models\",\"fault\":\"stream_endless\"}");
  vx11_router *router = router_to("openai");
  reader self = {.stream = stream_of(router, "{\"message\":\"hi\"}")};
  pthread_t thread;
  char *pieces = NULL, *error = NULL;
  if (pthread_create(&thread, NULL, read_endlessly, &self) != 0) abort();
  while (self.pieces < 100) sched_yield();
  for (int i = 0; i < 1000; ++i) { /* which end neither the other call nor its right to read */
    char *summary = NULL;
    CHECK(vx11_stream_read(self.stream, 1000, NULL, &pieces, &error) == VX11_INVALID_ARGUMENT);
    CHECK_TEXT(error, "the stream is being read by another call");
    CHECK(vx11_stream_summary(self.stream, &summary, NULL) == VX11_OK);
    CHECK_TEXT(summary, "\"source\":\"llama\"");
    error = NULL;
  }
  CHECK(vx11_stream_free(self.stream) == VX11_OK);
  const int seen = self.pieces;
  pthread_join(thread, NULL);
  CHECK(self.pieces == seen && self.code == VX11_CANCELLED);
  vx11_router_free(router);
  fresh_upstream();
}

static atomic_int complete_streams;

static void *stream_many(void *router) {
  for (int i = 0; i < 16; ++i) {
    vx11_stream *stream = NULL;
    answer got = {.text = "", .last = i % 4 == 3 ? 2 : 0};
    if (vx11_router_stream(router, "{\"message\":\"one two three\"}", 30000, NULL, &stream, NULL) !=
        VX11_OK) {
      continue;
    }
    const vx11_code code = collect_all(stream, &got, NULL);
    complete_streams += got.last ? code == VX11_CANCELLED
                                 : code == VX11_OK && !strcmp(got.text, "model heard: one two three");
    vx11_stream_free(stream);
  }
  return NULL;
}

static void many_streams_run_side_by_side(void) {
  pthread_t threads[8];
  vx11_router *router = router_to("openai");
  for (int i = 0; i < 8; ++i) {
    if (pthread_create(&threads[i], NULL, stream_many, router) != 0) abort();
  }
  for (int i = 0; i < 8; ++i) pthread_join(threads[i], NULL);
  CHECK(complete_streams == 8 * 16);
  vx11_router_free(router);
}

int main(void) {
  every_dialect_answers_whole();
  every_dialect_streams();
  a_target_has_its_own_path_history_and_members();
  a_group_shares_its_chats_by_weight();
  a_target_that_is_down_is_passed_by();
  pieces_are_read_as_they_arrive();
  an_end_may_arrive_alone();
  a_freed_stream_closes_its_connection();
  a_callback_ends_the_stream();
  a_stream_that_a_callback_ended_is_never_complete();
  a_stream_that_breaks_says_so();
  a_piece_that_does_not_arrive_is_a_timeout();
  a_stop_ends_a_read();
  no_piece_is_delivered_after_free();
  many_streams_run_side_by_side();
  printf("15 tests, %d failed checks\n", failures);
  return failures == 0 ? 0 : 1;
}
