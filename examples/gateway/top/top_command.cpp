#include "gateway/top/top_command.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "gateway/files/file_text.hpp"
#include "gateway/top/top_screen.hpp"
#include "gateway/top/top_source.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

using namespace std::chrono_literals;

constexpr int kUsage = 2;

int fail_with(int code, std::string_view why) {
  fmt::print(stderr, "vx11-gateway top: {}\n", why);
  return code;
}

/// The first token that the environment names, as for the gateway itself.
std::string token_of_environment() {
  for (const char* const name : {"VX11_TENTACULO_LINK_TOKEN", "VX11_GATEWAY_TOKEN"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

/// The first line of the file, without spaces around it.
vx11::Result<std::string> token_of_file(const std::string& path) {
  const auto text = file_text(path);
  if (!text) {
    return vx11::fail(vx11::Errc::invalid_argument,
                      fmt::format("--token-file: {}", unreadable(path, text.error())));
  }
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text->find_first_not_of(kSpace);
  if (first == text->npos) {
    return vx11::fail(vx11::Errc::invalid_argument, "--token-file: there is no token in the file");
  }
  return text->substr(first, std::min(text->find_first_of(kSpace, first), text->size()) - first);
}

/// Two readings one interval apart; with an interval of 0 one, and rates since the start.
int show_once(const TopOptions& options, const TopSource& source) {
  auto first = source({});
  if (!first) return fail_with(EXIT_FAILURE, first.error().detail);
  auto second = first;
  const bool has_two = options.interval > vx11::Duration::zero();
  if (has_two) {
    std::this_thread::sleep_for(options.interval);
    second = source({});
    if (!second) return fail_with(EXIT_FAILURE, second.error().detail);
  }
  const TopSample* const before = has_two ? &*first : nullptr;
  for (const TopLine& line : make_top_frame(before, *second, options.url, TopSort::rate)) {
    fmt::print("{}\n", line.text);
  }
  return EXIT_SUCCESS;
}

int run(const TopOptions& options) {
  const bool is_valid = options.interval >= 100ms || (options.once && options.interval == 0s);
  if (!is_valid || options.interval > 1h) {
    return fail_with(kUsage, "--interval must be 100ms to 1h, or 0s with --once");
  }
  auto source = make_top_source(options);
  if (!source) return fail_with(kUsage, source.error().detail);
  if (options.once) return show_once(options, *source);
  if (!has_top_screen()) {
    return fail_with(EXIT_FAILURE, "built without ncurses: only --once is there");
  }
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
    return fail_with(EXIT_FAILURE, "needs a terminal; --once prints one frame without it");
  }
  return run_top_screen(options, *std::move(source));
}

}  // namespace

bool is_top_command(int argc, const char* const* argv) {
  return argc > 1 && std::string_view(argv[1]) == "top";
}

int run_top_command(int argc, const char* const* argv) {
  TopOptions options;
  std::string token_file;
  std::string interval = "1s";
  CLI::App app(
      "Shows what a running gateway does: requests, latencies, targets, breakers, streams.\n"
      "Keys: q quits, p pauses, s sorts by rate, p99, errors or name.",
      "vx11-gateway top");
  app.add_option("URL", options.url, "http://HOST:PORT, https://HOST:PORT or unix:/path")
      ->capture_default_str();
  app.add_option(
         "--token-file", token_file,
         "A file with the token, which needs the scopes metrics and status; by default that "
         "of VX11_TENTACULO_LINK_TOKEN or VX11_GATEWAY_TOKEN")
      ->type_name("FILE");
  app.add_option("--ca-file", options.ca_file,
                 "A PEM file of the authorities of an https gateway; by default the system's")
      ->type_name("FILE");
  app.add_option("--interval", interval, "Between two readings")->capture_default_str();
  app.add_flag("--once", options.once, "Prints one frame as plain text");
  try {
    app.parse(argc - 1, argv + 1);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsage;
  }
  if (const auto complaint = read(interval, options.interval)) {
    return fail_with(kUsage, fmt::format("--interval: {}", *complaint));
  }
  options.token = token_of_environment();
  if (!token_file.empty()) {
    auto token = token_of_file(token_file);
    if (!token) return fail_with(kUsage, token.error().detail);
    options.token = *std::move(token);
  }
  return run(options);
}

}  // namespace gateway
