#include "gateway/process/healthcheck_command.hpp"

#include <vx11/net/transport.hpp>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace gateway {

namespace {

constexpr std::string_view kDefault = "http://127.0.0.1:8000/livez";
constexpr int kUsage = 2;

/// A request of the URL's path and query; the transport checks the origin.
vx11::HttpRequest request_for(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t path = url.find('/', scheme == url.npos ? 0 : scheme + 3);
  const std::string target(path == url.npos ? std::string_view("/") : url.substr(path));
  return {"GET", std::string(url.substr(0, path)), target};
}

}  // namespace

bool is_healthcheck_command(int argc, const char* const* argv) {
  return argc > 1 && std::string_view(argv[1]) == "healthcheck";
}

int run_healthcheck_command(int argc, const char* const* argv) {
  const std::string_view url = argc > 2 ? argv[2] : kDefault;
  const bool asks_for_help = url == "--help" || url == "-h";
  if (argc > 3 || url.starts_with('-')) {
    fmt::print(asks_for_help ? stdout : stderr,
               "vx11-gateway healthcheck [URL]: exit code 0 if {} is answered 2xx\n", kDefault);
    return asks_for_help ? EXIT_SUCCESS : kUsage;
  }
  const vx11::HttpRequest request = request_for(url);
  const auto transport = vx11::make_net_transport();
  const auto until = vx11::Deadline::after(vx11::SteadyClock().now(), std::chrono::seconds(3));
  const auto answer = vx11::sync_wait(transport->send(request, until));
  if (!answer) {
    fmt::print(stderr, "{}: {}\n", url, answer.error().detail);
    return EXIT_FAILURE;
  }
  if (answer->status / 100 == 2) return EXIT_SUCCESS;
  fmt::print(stderr, "{}: status {}\n", url, answer->status);
  return EXIT_FAILURE;
}

}  // namespace gateway
