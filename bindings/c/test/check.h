/* Checks that print what failed and count it. Include after vx11.h. */
#ifndef VX11_TEST_CHECK_H
#define VX11_TEST_CHECK_H

#include <stdio.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                             \
  do {                                                               \
    if (!(condition)) {                                              \
      printf("FAIL %s:%d: %s\n", __FILE__, __LINE__, #condition);    \
      ++failures;                                                    \
    }                                                                \
  } while (0)
/* Whether the text contains the part; frees the text. */
#define CHECK_TEXT(text, part)                                                        \
  do {                                                                                \
    if ((text) == NULL || strstr((text), (part)) == NULL) {                           \
      printf("FAIL %s:%d: no %s in %s\n", __FILE__, __LINE__, (part),                 \
             (text) ? (text) : "nothing");                                            \
      ++failures;                                                                     \
    }                                                                                 \
    vx11_free(text);                                                                  \
    (text) = NULL;                                                                    \
  } while (0)

#endif
