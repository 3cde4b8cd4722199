#pragma once

/// \file
/// `HttpRoutes`: endpoints of one's own, as functions from request to response, and other handlers
/// such as `OperatorApi` beside them.

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

/// A request as a route's function gets it. Lives until the function's task has completed.
class VX11_API RoutedRequest {
 public:
  RoutedRequest(const HttpRequest& request, const Deadline& deadline,
                std::string_view pattern) noexcept
      : request(request), deadline(deadline), pattern_(pattern) {}

  const HttpRequest& request;
  const Deadline& deadline;  ///< Its stop token fires when the client disconnects.

  /// What the path holds where the pattern says `{name}`, percent-decoded; empty if the pattern has
  /// no such name.
  std::string path_argument(std::string_view name) const;

 private:
  std::string_view pattern_;
};

/// The settings of one route.
struct RouteOptions {
  /// The largest body that is read: 413 above. 1 MiB is far above any form or document sent by
  /// hand; raise it for uploads, which are held in memory.
  std::size_t max_body_bytes = 1024 * 1024;
  /// Decides on the head before the body is read, such as by `Authenticator::check`: an answer
  /// refuses the request. Thread-safe. Without one every request is let in.
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

/// A function that answers: takes `const HttpRequest&` or `const RoutedRequest&`, returns
/// `HttpResponse`, `StreamedResponse`, or a `Task` of either. Called as const, since several threads
/// call it at once: a `mutable` lambda is none.
template <class F>
concept RouteHandler = std::copy_constructible<F> &&(
    requires(const F& f, const RoutedRequest& call) { detail::streamed(f(call)); } ||
    requires(const F& f, const HttpRequest& request) { detail::streamed(f(request)); });

/// Describes which function answers which requests; `build` makes the handler that a server serves.
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
/// A pattern is a path in which `{name}` stands for one segment that is not empty. Of the routes
/// that match, the one with the earliest literal segment where others have a name wins, whatever
/// their order here. The query plays no part. A path with routes, but none for the method, is
/// answered 405 with `Allow`, OPTIONS 204 with the same; HEAD is answered by the route for GET.
///
/// The functions are called on several threads at once, on a server's event loops: they must not
/// block. One that has to wait returns a `Task` and suspends. One that throws is answered 500.
///
/// Not thread-safe; what `build` returns is, and is immutable.
class VX11_API HttpRoutes {
 public:
  HttpRoutes& get(std::string pattern, RouteHandler auto handler, RouteOptions options = {}) {
    return on("GET", std::move(pattern), std::move(handler), std::move(options));
  }
  HttpRoutes& post(std::string pattern, RouteHandler auto handler, RouteOptions options = {}) {
    return on("POST", std::move(pattern), std::move(handler), std::move(options));
  }
  HttpRoutes& put(std::string pattern, RouteHandler auto handler, RouteOptions options = {}) {
    return on("PUT", std::move(pattern), std::move(handler), std::move(options));
  }
  HttpRoutes& patch(std::string pattern, RouteHandler auto handler, RouteOptions options = {}) {
    return on("PATCH", std::move(pattern), std::move(handler), std::move(options));
  }
  HttpRoutes& del(std::string pattern, RouteHandler auto handler, RouteOptions options = {}) {
    return on("DELETE", std::move(pattern), std::move(handler), std::move(options));
  }

  /// A route for any method.
  template <RouteHandler F>
  HttpRoutes& on(std::string method, std::string pattern, F handler, RouteOptions options = {}) {
    return add(
        std::move(method), std::move(pattern),
        [handler = std::move(handler)](const RoutedRequest& call) {
          if constexpr (std::invocable<const F&, const RoutedRequest&>) {
            return detail::streamed(handler(call));
          } else {
            return detail::streamed(handler(call.request));
          }
        },
        std::move(options));
  }

  /// Has `handler` answer every path below `prefix`, with its target unchanged, that no route here
  /// matches; the longest prefix wins. "/" stands for all paths.
  HttpRoutes& mount(std::string prefix, std::shared_ptr<HttpHandler> handler);
  /// The same for a handler that is copied, as an `OperatorApi` may be.
  template <std::derived_from<HttpHandler> H>
  HttpRoutes& mount(std::string prefix, H handler) {
    return mount(std::move(prefix), std::make_shared<H>(std::move(handler)));
  }

  /// \return every mistake in one `invalid_argument`: a malformed pattern, method or prefix, a
  /// route or prefix that is there twice, a handler that is null
  Result<std::shared_ptr<HttpHandler>> build() const;

 private:
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

  std::vector<Route> routes_ = {};
  std::vector<Mount> mounts_ = {};
};

}  // namespace v0
}  // namespace vx11
