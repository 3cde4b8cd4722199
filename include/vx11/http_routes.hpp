#pragma once

/// \file
/// `HttpRoutes`: an application's own endpoints, as functions from request to response, and other
/// handlers such as `OperatorApi` beside them.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The request as passed to a route's function. Lives until the function's task has completed.
class VX11_API RoutedRequest {
 public:
  RoutedRequest(const HttpRequest& received, const Deadline& until,
                std::string_view pattern) noexcept
      : request(received), deadline(until), pattern_(pattern) {}

  const HttpRequest& request;
  const Deadline& deadline;  ///< Its stop token fires when the client disconnects.

  /// The path segment matched by `{name}` in the pattern, percent-decoded; empty if the pattern has
  /// no such name.
  std::string path_argument(std::string_view name) const;

 private:
  std::string_view pattern_;
};

/// The settings of one route.
struct RouteOptions {
  /// Size limit of the body: 413 above. 1 MiB is far above any form or hand-written document; raise
  /// it for uploads, which are held in memory.
  std::size_t max_body_bytes = 1024 * 1024;
  /// Checks the head before the body is read, for example by `Authenticator::check`; an answer
  /// refuses the request. Thread-safe. Null: every request is accepted.
  std::function<std::optional<HttpResponse>(const HttpRequest& head)> admit = {};
};

namespace detail {

using RouteFunction = std::function<Task<StreamedResponse>(const RoutedRequest&)>;

inline Task<StreamedResponse> streamed(Task<HttpResponse> answer) {
  HttpResponse whole = co_await std::move(answer);
  co_return StreamedResponse(std::move(whole), nullptr);
}
inline Task<StreamedResponse> streamed(Task<StreamedResponse> answer) {
  return answer;
}
inline Task<StreamedResponse> streamed(StreamedResponse answer) {
  return Task<StreamedResponse>(std::move(answer));
}
inline Task<StreamedResponse> streamed(HttpResponse answer) {
  return streamed(StreamedResponse(std::move(answer), nullptr));
}

}  // namespace detail

/// A route's function: takes `const HttpRequest&` or `const RoutedRequest&`, returns
/// `HttpResponse`, `StreamedResponse`, or a `Task` of either. Must be callable as const, because
/// several threads call it concurrently: a `mutable` lambda does not qualify.
template <class F>
concept RouteHandler = std::copy_constructible<F> &&(
    requires(const F& f, const RoutedRequest& call) { detail::streamed(f(call)); } ||
    requires(const F& f, const HttpRequest& request) { detail::streamed(f(request)); });

/// Maps request patterns to functions; `build` creates the handler that a server serves.
///
/// ```cpp
/// vx11::HttpRoutes routes;
/// routes.get("/hello", [](const vx11::HttpRequest&) {
///   return vx11::HttpResponse(200, "text/plain", "hello\n");
/// });
/// routes.mount("/", api);  // an OperatorApi answers all else
/// auto served = vx11::serve(routes, {.listen = "127.0.0.1:8000"});
/// ```
///
/// A pattern is a path in which `{name}` matches one non-empty segment. Of several matching routes,
/// the one with the earliest literal segment where others have a name wins, independent of the
/// order of registration. The query is ignored. A path without a route for the method is answered
/// 405 with `Allow`, OPTIONS 204 with the same; HEAD uses the route for GET.
///
/// The functions are called concurrently on a server's event loops and must not block: a function
/// that waits returns a `Task` and suspends. One that throws is answered 500.
///
/// Not thread-safe; what `build` returns is, and is immutable.
class VX11_API HttpRoutes {
 public:
  HttpRoutes& get(std::string pattern, auto handler, RouteOptions options = {}) {
    return on("GET", std::move(pattern), std::move(handler), std::move(options));
  }
  HttpRoutes& post(std::string pattern, auto handler, RouteOptions options = {}) {
    return on("POST", std::move(pattern), std::move(handler), std::move(options));
  }
  HttpRoutes& put(std::string pattern, auto handler, RouteOptions options = {}) {
    return on("PUT", std::move(pattern), std::move(handler), std::move(options));
  }
  HttpRoutes& patch(std::string pattern, auto handler, RouteOptions options = {}) {
    return on("PATCH", std::move(pattern), std::move(handler), std::move(options));
  }
  HttpRoutes& del(std::string pattern, auto handler, RouteOptions options = {}) {
    return on("DELETE", std::move(pattern), std::move(handler), std::move(options));
  }

  /// A route for any method.
  template <class F>
  HttpRoutes& on(std::string method, std::string pattern, F handler, RouteOptions options = {}) {
    static_assert(
        RouteHandler<F>,
        "a route's function takes const HttpRequest& or const RoutedRequest&, returns "
        "HttpResponse, StreamedResponse or a Task of either, can be copied, and is const: "
        "no mutable lambda");
    if constexpr (RouteHandler<F>) {
      add(std::move(method), std::move(pattern), routed(std::move(handler)), std::move(options));
    }
    return *this;
  }

  /// `handler` answers every path below `prefix` that no route here matches, its target unchanged;
  /// the longest prefix wins. "/" matches all paths.
  HttpRoutes& mount(std::string prefix, std::shared_ptr<HttpHandler> handler);
  /// The same with a copy of the handler, for example an `OperatorApi`.
  template <std::derived_from<HttpHandler> H>
  HttpRoutes& mount(std::string prefix, H handler) {
    return mount(std::move(prefix), std::make_shared<H>(std::move(handler)));
  }

  /// \return every mistake in one `invalid_argument`: a malformed pattern, method or prefix, a
  ///         duplicate route or prefix, a null handler
  Result<std::shared_ptr<HttpHandler>> build() const;

 private:
  template <RouteHandler F>
  static detail::RouteFunction routed(F handler) {
    return [handler = std::move(handler)](const RoutedRequest& call) {
      if constexpr (std::invocable<const F&, const RoutedRequest&>) {
        return detail::streamed(handler(call));
      } else {
        return detail::streamed(handler(call.request));
      }
    };
  }

  struct Route {
    std::string method;
    std::string pattern;
    detail::RouteFunction answer;
    RouteOptions options;
  };
  struct Mount {
    std::string prefix;
    std::shared_ptr<HttpHandler> handler;
  };
  class Table;

  HttpRoutes& add(std::string method, std::string pattern, detail::RouteFunction answer,
                  RouteOptions options);
  Result<void> check() const;

  std::vector<Route> routes_{};
  std::vector<Mount> mounts_{};
};

}  // namespace v0
}  // namespace vx11
