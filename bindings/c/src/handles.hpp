#pragma once

/// \file
/// What stands behind each opaque handle, and how the functions of the C interface end.

#include <vx11/circuit_breaker.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/router.hpp>
#include <vx11/session_store.hpp>
#include <vx11/transport.hpp>

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <vx11.h>

struct vx11_stop {
  std::stop_source source = {};
};
struct vx11_breaker {
  std::shared_ptr<vx11::CircuitBreaker> breaker;
};
struct vx11_permit {
  std::shared_ptr<vx11::CircuitBreaker> breaker;  ///< Outlives the permit below.
  vx11::CircuitBreaker::Permit permit;
};
struct vx11_transport {
  std::shared_ptr<vx11::Transport> transport;
};
struct vx11_router {
  vx11::Router router;
};
struct vx11_power {
  std::shared_ptr<const vx11::PowerStateClient> client;
};
struct vx11_health {
  std::shared_ptr<vx11::HealthAggregator> aggregator;
};
struct vx11_sessions {
  std::shared_ptr<vx11::SessionStore> store;
};
struct vx11_operator {
  vx11::OperatorApi api;
};
struct vx11_response {
  vx11::HttpResponse response;
};

namespace vx11::c {

/// How a function ended: `VX11_OK`, or a code and the JSON that tells about it.
struct Ending {
  Ending() = default;
  Ending(vx11_code code, std::string json) : code(code), json(std::move(json)) {}
  vx11_code code = VX11_OK;
  std::string json = {};
};

Ending failure(const Error& error);
Ending failure(const ChatFailure& error);
Ending misuse(const char* what);

/// The end of the function that `body` is: its code, and its error text where one is wanted.
vx11_code finish(const Ending& ending, char** error) noexcept;

/// Runs the body of a function of the C interface. Nothing that it throws gets out.
template <class Body>
vx11_code guarded(char** error, Body&& body) noexcept {
  try {
    return finish(body(), error);
  } catch (const std::bad_alloc&) {
    return VX11_NO_MEMORY;
  } catch (...) {
    return finish(Ending(VX11_INTERNAL, {}), error);
  }
}

/// Hands text out. Throws `std::bad_alloc`.
Ending give(const std::string& text, char** out);

/// Hands a handle out, or the reason why there is none.
template <class Handle, class T>
Ending give(Result<T> made, Handle** out) {
  if (!made) return failure(made.error());
  *out = new Handle{std::move(*made)};
  return {};
}

/// The deadline that `timeout_ms` and `stop` mean, counted from now.
Deadline deadline_of(std::int64_t timeout_ms, const vx11_stop* stop);

inline std::string text_of(const char* text) {
  return text ? std::string(text) : std::string();
}

/// Name and value by turns.
Headers headers_of(const char* const* pairs, std::size_t count);
/// None beyond the last.
std::optional<Header> header_at(const Headers& headers, std::size_t index);

}  // namespace vx11::c
