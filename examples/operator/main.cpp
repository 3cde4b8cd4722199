// vx11-operator: the operator's backend of a VX11 system, a client of vx11-gateway.
#include <vx11/net/server.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "operator_backend.hpp"

namespace backend {
namespace {

int run() {
  auto handler = make_operator_backend({});
  if (!handler) {
    fmt::print(stderr, "vx11-operator: {}\n", handler.error().detail);
    return EXIT_FAILURE;
  }
  const auto served = vx11::serve(**handler, {.listen = "127.0.0.1:8011"});
  return served ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace backend

int main() {
  return backend::run();
}
