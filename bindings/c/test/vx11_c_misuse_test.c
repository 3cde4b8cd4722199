/* What a program does wrong with handles and texts is an error, and never a crash. */
#define _POSIX_C_SOURCE 200809L
#include <vx11.h>

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void answer(void *context, vx11_call *call) {
  static const char body[] = "{\"response\":\"hello\"}";
  (void)context;
  CHECK(vx11_call_answer(call, 200, NULL, 0, body, sizeof body - 1) == VX11_OK);
  CHECK(vx11_call_answer(call, 200, NULL, 0, body, sizeof body - 1) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_call_fail(call, VX11_TIMEOUT, "late") == VX11_INVALID_ARGUMENT);
  CHECK(vx11_call_method(call) == NULL && vx11_call_header_count(call) == 0);
  CHECK(vx11_call_abandoned(call));
}

static void answer_wrongly(void *context, vx11_call *call) {
  const char *headers[] = {"content-type", NULL};
  switch (*(int *)context) {
    case 0:
      CHECK(vx11_call_answer(call, 99999, NULL, 0, NULL, 0) == VX11_INVALID_ARGUMENT);
      break;
    case 1:
      CHECK(vx11_call_answer(call, 200, headers, 1, NULL, 0) == VX11_INVALID_ARGUMENT);
      break;
    case 2:
      CHECK(vx11_call_answer(call, 200, NULL, 1, NULL, 0) == VX11_INVALID_ARGUMENT);
      break;
    default:
      CHECK(vx11_call_answer(call, 200, NULL, 0, NULL, 7) == VX11_INVALID_ARGUMENT);
  }
}

static vx11_router *router_to(void (*send)(void *, vx11_call *), void *context) {
  vx11_transport *transport = NULL;
  vx11_router *router = NULL;
  CHECK(vx11_transport_custom(send, context, NULL, &transport, NULL) == VX11_OK);
  const vx11_transport *list[] = {transport};
  CHECK(vx11_router_new("{\"targets\":[{\"name\":\"switch\",\"url\":\"http://switch:1\"}]}", list, NULL,
                        &router, NULL) == VX11_OK);
  CHECK(vx11_transport_free(transport) == VX11_OK);
  return router;
}

static void a_null_handle_is_an_error_that_names_it(void) {
  vx11_permit *permit = NULL;
  char *text = NULL, *error = NULL;
  size_t size = 7;
  CHECK(vx11_breaker_acquire(NULL, &permit, NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_breaker_state(NULL) == VX11_NO_BREAKER);
  CHECK(vx11_breaker_snapshot(NULL, &text, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "breaker is NULL");
  CHECK(vx11_permit_finish(NULL, VX11_SUCCESS) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_stop_request(NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_router_ask(NULL, "{\"message\":\"hi\"}", 5, NULL, &text, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "router is NULL");
  CHECK(vx11_power_new("{\"url\":\"http://m:1\"}", NULL, NULL, NULL, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "transport is NULL");
  CHECK(vx11_power_state(NULL, 5, NULL, &text, NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_power_send(NULL, VX11_POWER_STATUS, NULL, 5, NULL, &text, NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_health_check(NULL, 5, NULL, &text, NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_sessions_find(NULL, "s", &text, NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_sessions_recent(NULL, "s", 1, &text, NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_sessions_append(NULL, "s", "u", "{}", NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_operator_handle(NULL, "GET", "/", NULL, 0, NULL, 0, 5, NULL, NULL, NULL) ==
        VX11_INVALID_ARGUMENT);
  CHECK(vx11_operator_drain(NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_response_status(NULL) == 0 && vx11_response_header_count(NULL) == 0);
  CHECK(vx11_response_body(NULL, &size) == NULL && size == 0);
  CHECK(vx11_call_method(NULL) == NULL && vx11_call_body(NULL, &size) == NULL);
  CHECK(vx11_call_remaining_ms(NULL) == 0);
  CHECK(vx11_call_answer(NULL, 200, NULL, 0, NULL, 0) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_breaker_free(NULL) == VX11_OK && vx11_stop_free(NULL) == VX11_OK);
  CHECK(text == NULL && permit == NULL);
}

static void a_second_release_is_an_error(void) {
  vx11_breaker *breaker = NULL;
  vx11_permit *permit = NULL;
  vx11_stop *stop = vx11_stop_new();
  char *error = NULL;
  CHECK(vx11_breaker_new(NULL, &breaker, NULL) == VX11_OK);
  CHECK(vx11_breaker_acquire(breaker, &permit, NULL) == VX11_OK);
  CHECK(vx11_permit_finish(permit, VX11_SUCCESS) == VX11_OK);
  CHECK(vx11_permit_finish(permit, VX11_FAILURE) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_breaker_free(breaker) == VX11_OK);
  CHECK(vx11_breaker_free(breaker) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_breaker_acquire(breaker, &permit, NULL) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_breaker_snapshot(breaker, &error, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "breaker was released");
  CHECK(vx11_stop_free(stop) == VX11_OK && vx11_stop_free(stop) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_stop_request(stop) == VX11_INVALID_ARGUMENT);
}

static void a_handle_of_another_type_is_an_error(void) {
  vx11_breaker *breaker = NULL;
  char *error = NULL;
  CHECK(vx11_breaker_new(NULL, &breaker, NULL) == VX11_OK);
  CHECK(vx11_router_ask((vx11_router *)breaker, "{\"message\":\"hi\"}", 5, NULL, &error, &error) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "router is a handle of another type");
  CHECK(vx11_sessions_free((vx11_sessions *)breaker) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_breaker_state((vx11_breaker *)(uintptr_t)0xdeadbeef) == VX11_NO_BREAKER);
  CHECK(vx11_breaker_free(breaker) == VX11_OK);
}

static void a_result_without_a_place_is_an_error(void) {
  char *error = NULL;
  CHECK(vx11_breaker_new(NULL, NULL, &error) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(error, "NULL");
  vx11_router *router = router_to(answer, NULL);
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, NULL, NULL) == VX11_INVALID_ARGUMENT);
  vx11_router_free(router);
}

static void a_call_is_completed_once_and_a_wrong_answer_ends_it(void) {
  char *text = NULL;
  vx11_router *router = router_to(answer, NULL);
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "hello");
  vx11_router_free(router);
  for (int how = 0; how < 4; ++how) {
    router = router_to(answer_wrongly, &how);
    CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &text, NULL) == VX11_UNREACHABLE);
    vx11_router_free(router);
  }
}

static void a_description_is_nested_no_deeper_than_64(void) {
  enum { kDeep = 70000 };
  static char chat[kDeep * 6 + 64];
  char *text = NULL;
  vx11_router *router = router_to(answer, NULL);
  char *end = chat + sprintf(chat, "{\"message\":\"hi\",\"metadata\":");
  for (int i = 0; i < kDeep; ++i) end += sprintf(end, "{\"a\":");
  *end++ = '1';
  memset(end, '}', kDeep + 1);
  CHECK(vx11_router_ask(router, chat, -1, NULL, &text, &text) == VX11_INVALID_ARGUMENT);
  CHECK_TEXT(text, "nested deeper than 64");
  vx11_router_free(router);
}

/* ---- releasing what is in use, and fork -------------------------------------------------------- */

static vx11_call *waiting;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void keep(void *context, vx11_call *call) {
  (void)context;
  pthread_mutex_lock(&mutex);
  waiting = call;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
}

static vx11_call *kept_call(void) {
  pthread_mutex_lock(&mutex);
  while (waiting == NULL) pthread_cond_wait(&changed, &mutex);
  vx11_call *call = waiting;
  waiting = NULL;
  pthread_mutex_unlock(&mutex);
  return call;
}

static void *ask_on_a_thread(void *router) {
  char *text = NULL;
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "hello");
  return NULL;
}

static void a_handle_may_be_released_during_a_call(void) {
  static const char body[] = "{\"response\":\"hello\"}";
  pthread_t thread;
  vx11_router *router = router_to(keep, NULL);
  if (pthread_create(&thread, NULL, ask_on_a_thread, router) != 0) abort();
  vx11_call *call = kept_call();
  CHECK(vx11_router_free(router) == VX11_OK);
  CHECK(vx11_call_answer(call, 200, NULL, 0, body, sizeof body - 1) == VX11_OK);
  pthread_join(thread, NULL);
}

/* Read by LeakSanitizer. A child has the memory of the call that another thread of the parent had
 * under way, but not the stack that refers to it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:^ask_on_a_thread$";
}

/* In the child: every handle of the parent is refused, and new ones work. */
static int child(vx11_router *router, vx11_transport *sockets) {
  char *text = NULL;
  CHECK(vx11_router_ask(router, "{\"message\":\"hi\"}", -1, NULL, &text, &text) ==
        VX11_INVALID_ARGUMENT);
  CHECK_TEXT(text, "router was made before fork");
  CHECK(vx11_router_free(router) == VX11_INVALID_ARGUMENT);
  CHECK(vx11_transport_free(sockets) == VX11_INVALID_ARGUMENT);
  vx11_router *own = router_to(answer, NULL);
  CHECK(vx11_router_ask(own, "{\"message\":\"hi\"}", -1, NULL, &text, NULL) == VX11_OK);
  CHECK_TEXT(text, "hello");
  vx11_router_free(own);
  return failures == 0 ? 0 : 1;
}

static void a_child_process_is_refused_and_its_parent_not_affected(void) {
  static const char body[] = "{\"response\":\"hello\"}";
  vx11_transport *sockets = NULL;
  pthread_t thread;
  int status = 0;
  CHECK(vx11_transport_new(NULL, &sockets, NULL) == VX11_OK);
  vx11_router *router = router_to(keep, NULL);
  if (pthread_create(&thread, NULL, ask_on_a_thread, router) != 0) abort();
  vx11_call *call = kept_call();
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) exit(child(router, sockets));
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(vx11_call_answer(call, 200, NULL, 0, body, sizeof body - 1) == VX11_OK);
  pthread_join(thread, NULL);
  CHECK(vx11_router_free(router) == VX11_OK && vx11_transport_free(sockets) == VX11_OK);
}

int main(void) {
  a_null_handle_is_an_error_that_names_it();
  a_second_release_is_an_error();
  a_handle_of_another_type_is_an_error();
  a_result_without_a_place_is_an_error();
  a_call_is_completed_once_and_a_wrong_answer_ends_it();
  a_description_is_nested_no_deeper_than_64();
  a_handle_may_be_released_during_a_call();
  a_child_process_is_refused_and_its_parent_not_affected();
  printf("8 tests, %d failed checks\n", failures);
  return failures == 0 ? 0 : 1;
}
