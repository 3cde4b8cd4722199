/* Steers vx11-upstream through its control port, and asks it. Include after vx11.h and check.h. */
#ifndef VX11_TEST_UPSTREAM_H
#define VX11_TEST_UPSTREAM_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A connection to `http://127.0.0.1:PORT`. */
static int connected_to(const char *url) {
  struct sockaddr_in where = {.sin_family = AF_INET};
  where.sin_port = htons((unsigned short)atoi(strrchr(url, ':') + 1));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  if (made < 0 || connect(made, (struct sockaddr *)&where, sizeof where) != 0) abort();
  return made;
}

/* Posts to the control port; the head and body of its response, valid until the next call. */
static const char *order(const char *path, const char *json) {
  static char answer[16384];
  size_t size = 0;
  const int peer = connected_to(getenv("CONTROL_URL"));
  dprintf(peer, "%s %s HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: %zu\r\n\r\n%s",
          json ? "POST" : "GET", path, json ? strlen(json) : 0, json ? json : "");
  for (ssize_t n = 1; n > 0 && size < sizeof answer - 1; size += n > 0 ? (size_t)n : 0) {
    n = read(peer, answer + size, sizeof answer - 1 - size);
  }
  close(peer);
  answer[size] = '\0';
  if (strncmp(answer, "HTTP/1.1 200", 12) != 0) printf("the upstream refuses: %s\n", answer);
  return answer;
}

/* Healthy, and with nothing counted. */
static void fresh_upstream(void) {
  order("/__heal", "");
  order("/__set", "{\"stream_released\":1000000,\"stream_gap_ms\":0,\"stream_chunks\":0}");
  order("/__reset", "");
}

/* Whether the counters contain `text` within a generous time. */
static int counts(const char *text) {
  for (int look = 0; look < 1000; ++look) {
    if (strstr(order("/__count", NULL), text) != NULL) return 1;
    nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);  /* between two looks */
  }
  return 0;
}

/* A router from a description in which every $ stands for the URL of the models; of four targets at
 * most, a shadow included. */
static vx11_router *router_of(const char *description) {
  static char text[4096];
  size_t size = 0;
  for (const char *c = description; *c != '\0'; ++c) {
    size += (size_t)snprintf(text + size, sizeof text - size, *c == '$' ? "%s" : "%.1s",
                             *c == '$' ? getenv("MODELS_URL") : c);
  }
  vx11_transport *sockets = NULL;
  vx11_router *router = NULL;
  char *error = NULL;
  CHECK(vx11_transport_new(NULL, &sockets, NULL) == VX11_OK);
  const vx11_transport *transports[] = {sockets, sockets, sockets, sockets};
  if (vx11_router_new(text, transports, NULL, &router, &error) != VX11_OK) printf("%s\n", error);
  vx11_free(error);
  vx11_transport_free(sockets);
  CHECK(router != NULL);
  return router;
}

#endif
