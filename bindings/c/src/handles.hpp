#pragma once

/// \file
/// The object behind each opaque handle, and the conversion of results to codes and error texts.

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

#include "handle_table.hpp"

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

constexpr Kind kind_of(const vx11_stop*) noexcept {
  return Kind::stop;
}
constexpr Kind kind_of(const vx11_breaker*) noexcept {
  return Kind::breaker;
}
constexpr Kind kind_of(const vx11_permit*) noexcept {
  return Kind::permit;
}
constexpr Kind kind_of(const vx11_transport*) noexcept {
  return Kind::transport;
}
constexpr Kind kind_of(const vx11_call*) noexcept {
  return Kind::call;
}
constexpr Kind kind_of(const vx11_router*) noexcept {
  return Kind::router;
}
constexpr Kind kind_of(const vx11_power*) noexcept {
  return Kind::power;
}
constexpr Kind kind_of(const vx11_health*) noexcept {
  return Kind::health;
}
constexpr Kind kind_of(const vx11_sessions*) noexcept {
  return Kind::sessions;
}
constexpr Kind kind_of(const vx11_operator*) noexcept {
  return Kind::api;
}
constexpr Kind kind_of(const vx11_response*) noexcept {
  return Kind::response;
}
constexpr Kind kind_of(const vx11_stream*) noexcept {
  return Kind::stream;
}

/// The result of a function: `VX11_OK`, or a code and its error as JSON.
struct Ending {
  Ending() = default;
  Ending(vx11_code code, std::string json) : code(code), json(std::move(json)) {}
  vx11_code code = VX11_OK;
  std::string json = {};
};

Ending failure(const Error& error);
Ending failure(const ChatFailure& error);
Ending misuse(std::string what);

/// Returns the code of `ending` and stores its error text if `error` is not null.
vx11_code finish(const Ending& ending, char** error) noexcept;

/// A handle that is not live. Caught by `guarded`.
struct BadHandle {
  Kind kind;
  const void* handle;
};
vx11_code finish_bad(const BadHandle& bad, char** error) noexcept;
vx11_code finish_misuse(const Misuse& misused, char** error) noexcept;

/// Runs the body of a function of the C interface; converts exceptions to codes.
template <class Body>
vx11_code guarded(char** error, Body&& body) noexcept {
  try {
    return finish(body(), error);
  } catch (const std::bad_alloc&) {
    return VX11_NO_MEMORY;
  } catch (const BadHandle& bad) {
    return finish_bad(bad, error);
  } catch (const Misuse& misused) {
    return finish_misuse(misused, error);
  } catch (...) {
    return finish(Ending(VX11_INTERNAL, {}), error);
  }
}

/// The object of a handle, which stays alive as long as the result; null if the handle is not live.
template <class Handle>
std::shared_ptr<Handle> held(const Handle* handle) noexcept {
  return std::static_pointer_cast<Handle>(HandleTable::instance().find(kind_of(handle), handle));
}
/// The same for an argument that must be given. Throws `BadHandle`.
template <class Handle>
std::shared_ptr<Handle> needed(const Handle* handle) {
  auto object = held(handle);
  if (!object) throw BadHandle{kind_of(handle), handle};
  return object;
}
/// The same for an argument that may be null.
template <class Handle>
std::shared_ptr<Handle> optional(const Handle* handle) {
  return handle ? needed(handle) : nullptr;
}

/// Releases a handle. Null is allowed.
template <class Handle>
vx11_code release(Handle* handle) noexcept {
  if (handle == nullptr) return VX11_OK;
  const auto object = HandleTable::instance().take(kind_of(handle), handle);
  return object ? VX11_OK : VX11_INVALID_ARGUMENT;
}

/// Where a function stores its result. Throws `Misuse` for null.
template <class T>
T& result(T* out) {
  if (out == nullptr) throw Misuse{"the result has no place: its pointer is NULL"};
  return *out;
}

/// Copies text for the caller, who frees it. Throws `std::bad_alloc`.
Ending give(const std::string& text, char** out);

/// Stores an object as a new handle.
template <class Handle>
Ending give(std::shared_ptr<Handle> object, Handle** out) {
  Handle*& place = result(out);
  const Kind kind = kind_of(object.get());
  place = static_cast<Handle*>(HandleTable::instance().add(kind, std::move(object)));
  return {};
}
/// Stores the value as a new handle, or returns its error.
template <class Handle, class T>
Ending give(Result<T> made, Handle** out) {
  if (!made) return failure(made.error());
  return give(std::shared_ptr<Handle>(new Handle{std::move(*made)}), out);
}

/// The deadline for `timeout_ms` and `stop`, starting now.
Deadline deadline_of(std::int64_t timeout_ms, const vx11_stop* stop);

inline std::string text_of(const char* text) {
  return text ? std::string(text) : std::string();
}

/// Name and value alternate. Throws `Misuse` for a null among them.
Headers headers_of(const char* const* pairs, std::size_t count);
/// Throws `Misuse` for null with a size.
std::string body_of(const char* body, std::size_t size);
/// Empty if the index is out of range.
std::optional<Header> header_at(const Headers& headers, std::size_t index);

}  // namespace vx11::c
