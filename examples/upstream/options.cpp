#include "options.hpp"

#include <map>

#include <CLI/CLI.hpp>

namespace upstream {

namespace {

/// HOST:PORT with a loopback host, since the control port has no authentication.
Tcp::endpoint loopback_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) throw CLI::ValidationError(text, "HOST:PORT is needed");
  auto host = text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (ec || !address.is_loopback())
    throw CLI::ValidationError(text, "only a loopback address is served");
  unsigned port = 0;
  if (!CLI::detail::lexical_cast(text.substr(colon + 1), port) || port > 65535)
    throw CLI::ValidationError(text, "the port is a number from 0 to 65535");
  return {address, static_cast<unsigned short>(port)};
}

constexpr const char* kFooter =
    R"(What --deployed switches on can be changed while it runs, each for itself, by POST /__set on
the control port: dialect ("windowed"), command_ms, zoned_times, health_calls_switch, power_keys,
commands_per_minute (6), prefer_cli_queues. POST /__restart restarts madre: with a window open its power state is then 500
until the window is closed. The fault "queued" answers a chat with JSON that has no text. The power
key is power-key-of-vx11-upstream; GET /madre/power/token issues the token that belongs to it.
README.md beside the source lists all faults.)";

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app{
      "A stand-in for VX11's madre and switch and for model servers, with faults on order."};
  app.footer(kFooter);
  std::string madre;
  std::string switch_;
  std::string models;
  std::string hormiguero;
  std::string control = "127.0.0.1:0";
  app.add_option("--madre", madre, "HOST:PORT of madre; left out: not served");
  app.add_option("--switch", switch_, "HOST:PORT of switch; left out: not served");
  app.add_option("--models", models,
                 "HOST:PORT of a model server with the chat APIs of OpenAI, Ollama and Anthropic; "
                 "left out: not served");
  app.add_option("--models-key", options.models_key, "key to ask for there; left out: none");
  app.add_option("--hormiguero", hormiguero,
                 "HOST:PORT of hormiguero with the paths of INEE; left out: not served");
  app.add_option("--control", control, "HOST:PORT of the control port")->capture_default_str();
  app.add_flag("--deployed", options.deployed,
               "behave as the deployed programs: windowed dialect, power commands that take 4 s, "
               "times that end in +00:00Z, a /health of madre that calls switch, service commands "
               "that only plan without keys and are limited to six a minute, a chat with "
               "metadata.prefer_cli that is queued");
  app.add_option("--dialect", options.dialect, "the format of madre's power state")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Dialect>{
          {"windowed", Dialect::windowed}, {"operative", Dialect::operative}}));
  app.add_option("--token", options.token, "x-vx11-token to ask for; left out: none");
  app.add_option("--threads", options.threads, "event loops")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--command-ms", options.command_ms, "duration of every power command")
      ->check(CLI::Range(0, 86'400'000));
  app.add_option("--latency-ms", options.latency_ms, "duration of every chat answer")
      ->check(CLI::Range(0, 86'400'000))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
    if (!madre.empty()) options.madre = loopback_endpoint(madre);
    if (!switch_.empty()) options.switch_ = loopback_endpoint(switch_);
    if (!models.empty()) options.models = loopback_endpoint(models);
    if (!hormiguero.empty()) options.hormiguero = loopback_endpoint(hormiguero);
    options.control = loopback_endpoint(control);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace upstream
