#include <vx11/to_json.hpp>

#include "fields.hpp"
#include "handles.hpp"

namespace {

using namespace vx11::c;
using vx11::Deadline;
using vx11::MadreReply;
using vx11::PowerStateClient;
using vx11::Result;

Result<std::shared_ptr<const PowerStateClient>> make_client(const char* description,
                                                            const vx11_transport* transport,
                                                            const vx11_breaker* breaker) {
  Fields fields(description);
  std::string url;
  vx11::PowerOptions options;
  fields.require("url", url);
  fields.read_ms("timeout_ms", "limit_ms", options.timeout);
  fields.read("headers", options.headers);
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  if (breaker) options.breaker = needed(breaker)->breaker;
  return std::make_shared<const PowerStateClient>(needed(transport)->transport, url,
                                                  std::move(options));
}

/// The arguments of a command.
struct Arguments {
  vx11::WindowRequest window = {};
  std::string window_id = {};
  std::string service = {};
};

Result<Arguments> arguments_of(vx11_power_command command, const char* description) {
  Fields fields(description);
  Arguments arguments;
  if (command == VX11_POWER_OPEN_WINDOW) {
    fields.read("services", arguments.window.services);
    fields.read_s("ttl_s", arguments.window.ttl);
    fields.read("reason", arguments.window.reason);
  } else if (command == VX11_POWER_CLOSE_WINDOW) {
    fields.read("id", arguments.window_id);
  } else if (command >= VX11_POWER_START) {
    fields.require("service", arguments.service);
  }
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  return arguments;
}

Result<MadreReply> send(const PowerStateClient& madre, vx11_power_command command,
                        Arguments arguments, const Deadline& deadline) {
  switch (command) {
    case VX11_POWER_STATUS:
      return madre.status(deadline);
    case VX11_POWER_SOLO_MADRE_STATUS:
      return madre.solo_madre_status(deadline);
    case VX11_POWER_APPLY_SOLO_MADRE:
      return madre.apply_solo_madre(deadline);
    case VX11_POWER_OPEN_WINDOW:
      return madre.open_window(std::move(arguments.window), deadline);
    case VX11_POWER_CLOSE_WINDOW:
      return madre.close_window(std::move(arguments.window_id), deadline);
    case VX11_POWER_START:
      return madre.start(std::move(arguments.service), deadline);
    case VX11_POWER_STOP:
      return madre.stop(std::move(arguments.service), deadline);
    case VX11_POWER_RESTART:
      return madre.restart(std::move(arguments.service), deadline);
  }
  return vx11::fail(vx11::Errc::invalid_argument, "there is no such command");
}

}  // namespace

vx11_code vx11_power_new(const char* options, const vx11_transport* transport,
                         const vx11_breaker* breaker, vx11_power** power, char** error) {
  return guarded(error, [&] { return give(make_client(options, transport, breaker), power); });
}

vx11_code vx11_power_free(vx11_power* power) {
  return release(power);
}

vx11_code vx11_power_state(const vx11_power* power, int64_t timeout_ms, const vx11_stop* stop,
                           char** state, char** error) {
  return guarded(error, [&] {
    const auto client = needed(power)->client;
    const auto read = client->state(deadline_of(timeout_ms, stop));
    return read ? give(to_json(*read), state) : failure(read.error());
  });
}

vx11_code vx11_power_send(const vx11_power* power, vx11_power_command command,
                          const char* arguments, int64_t timeout_ms, const vx11_stop* stop,
                          char** answer, char** error) {
  return guarded(error, [&] {
    const auto client = needed(power)->client;
    auto read = arguments_of(command, arguments);
    if (!read) return failure(read.error());
    const auto reply = send(*client, command, std::move(*read), deadline_of(timeout_ms, stop));
    return reply ? give(to_json(*reply), answer) : failure(reply.error());
  });
}
