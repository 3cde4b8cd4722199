#pragma once

/// \file
/// The type behind each opaque handle, and the conversion of results to codes and error texts.

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
  std::shared_ptr<vx11::CircuitBreaker> breaker;  ///< Declared first, so it outlives the permit.
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

/// The result of a function: `VX11_OK`, or a code and its error as JSON.
struct Ending {
  Ending() = default;
  Ending(vx11_code code, std::string json) : code(code), json(std::move(json)) {}
  vx11_code code = VX11_OK;
  std::string json = {};
};

Ending failure(const Error& error);
Ending failure(const ChatFailure& error);
Ending misuse(const char* what);

/// Returns the code of `ending` and stores its error text if `error` is not null.
vx11_code finish(const Ending& ending, char** error) noexcept;

/// Runs the body of a function of the C interface; converts exceptions to codes.
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

/// Copies text for the caller, who frees it. Throws `std::bad_alloc`.
Ending give(const std::string& text, char** out);

/// Stores the value as a new handle, or returns its error.
template <class Handle, class T>
Ending give(Result<T> made, Handle** out) {
  if (!made) return failure(made.error());
  *out = new Handle{std::move(*made)};
  return {};
}

/// The deadline for `timeout_ms` and `stop`, starting now.
Deadline deadline_of(std::int64_t timeout_ms, const vx11_stop* stop);

inline std::string text_of(const char* text) {
  return text ? std::string(text) : std::string();
}

/// Name and value alternate.
Headers headers_of(const char* const* pairs, std::size_t count);
/// Empty if the index is out of range.
std::optional<Header> header_at(const Headers& headers, std::size_t index);

}  // namespace vx11::c
