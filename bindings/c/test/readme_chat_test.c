/* Runs the C block of the project's README.
 *   readme_chat_test TARGETS */
#include <vx11.h>

#include <stdio.h>

#include "readme_chat.h"

int main(int argc, char **argv) {
  vx11_transport *sockets = NULL;
  char *error = NULL;
  if (argc != 2 || vx11_transport_new(NULL, &sockets, NULL) != VX11_OK) return 2;
  const vx11_transport *transports[] = {sockets};
  const vx11_code code = chat(argv[1], transports, &error);
  if (error != NULL) puts(error);
  vx11_free(error);
  vx11_transport_free(sockets);
  return code;
}
