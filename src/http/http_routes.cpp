#include <vx11/detail/mistakes.hpp>
#include <vx11/http/detail/message_head.hpp>
#include <vx11/http_routes.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "http/error_answer.hpp"
#include "http/percent.hpp"
#include "http/route_pattern.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using http_detail::path_of;
using http_detail::PathPattern;

bool is_method(std::string_view method) noexcept {
  return !method.empty() && std::all_of(method.begin(), method.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool is_served_by(std::string_view method, std::string_view route_method) noexcept {
  return method == route_method || (method == "HEAD" && route_method == "GET");
}

/// A prefix without its trailing slash: "/" becomes empty and matches every path.
std::string_view below(std::string_view prefix) noexcept {
  return prefix.ends_with('/') ? prefix.substr(0, prefix.size() - 1) : prefix;
}

/// Most mounts differ in the byte after the prefix, which is tested first.
bool is_below(std::string_view path, std::string_view prefix) noexcept {
  if (prefix.empty()) return true;
  if (path.size() < prefix.size()) return false;
  const bool ends = path.size() == prefix.size() || path[prefix.size()] == '/';
  return ends && path.starts_with(prefix);
}

/// The methods of one path, as `Allow` lists them.
class AllowedMethods {
 public:
  void add(std::string_view method) {
    if (std::find(methods_.begin(), methods_.end(), method) != methods_.end()) return;
    methods_.push_back(method);
    if (method == "GET") add("HEAD");
  }
  bool empty() const noexcept { return methods_.empty(); }
  std::string list() {
    add("OPTIONS");
    return fmt::format("{}", fmt::join(methods_, ", "));
  }

 private:
  std::vector<std::string_view> methods_ = {};
};

/// Whether the response can be serialized unambiguously.
bool is_sendable(const StreamedResponse& answer) noexcept {
  const int status = answer.head.status;
  const Headers& fields = answer.head.headers;
  const bool is_upgrade = status == 101 && answer.body != nullptr && answer.body->upgrade();
  return (is_upgrade || (status >= 200 && status <= 599)) &&
         std::none_of(fields.begin(), fields.end(), [](const Header field) {
           return !http_detail::is_token(field.name) || !http_detail::is_field_value(field.value);
         });
}

}  // namespace

std::string RoutedRequest::path_argument(std::string_view name) const {
  std::string_view found;
  PathPattern(pattern_).matches(path_of(request.target),
                                [&](std::string_view n, std::string_view value) {
                                  if (n == name) found = value;
                                });
  return decode_percent(found).value_or(std::string());
}

/// Routes and mounts, most specific first.
class HttpRoutes::Table final : public HttpHandler {
 public:
  Table(std::vector<Route> routes, std::vector<Mount> mounts)
      : routes_(std::move(routes)), mounts_(std::move(mounts)) {
    std::stable_sort(routes_.begin(), routes_.end(), comes_before);
    for (Mount& mount : mounts_) mount.prefix = below(mount.prefix);
    std::stable_sort(mounts_.begin(), mounts_.end(), [](const Mount& a, const Mount& b) {
      return a.prefix.size() > b.prefix.size();
    });
  }

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    const std::string_view path = path_of(head.target);
    AllowedMethods allowed;
    for (const Route& route : routes_) {
      bool is_decodable = true;
      const auto decode = [&](std::string_view, std::string_view value) {
        is_decodable = is_decodable && decode_percent(value).has_value();
      };
      if (!PathPattern(route.pattern).matches(path, decode)) continue;
      if (!is_decodable) return tl::unexpected(http_detail::error_answer(400, "bad_request"));
      if (is_served_by(head.method, route.method)) return admit(route, head);
      allowed.add(route.method);
    }
    if (!allowed.empty()) {
      return tl::unexpected(http_detail::method_answer(head.method, allowed.list()));
    }
    return admit_below(path, head);
  }

  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override {
    if (&admission.issuer() == this) return answer(request, admission, std::move(deadline));
    const HttpHandler* mounted = handler_of(admission);
    if (mounted == nullptr) mounted = mount_of(path_of(request.target))->handler.get();
    return mounted->open(request, admission, std::move(deadline));
  }

  std::string_view route(std::string_view target) const noexcept override {
    const std::string_view path = path_of(target);
    const auto ignore = [](std::string_view, std::string_view) {};
    for (const Route& route : routes_) {
      if (PathPattern(route.pattern).matches(path, ignore)) return route.pattern;
    }
    const Mount* const mount = mount_of(path);
    return mount != nullptr ? mount->handler->route(target) : std::string_view();
  }

  void drain() noexcept override {
    for (const Mount& mount : mounts_) mount.handler->drain();
  }

 private:
  static Task<StreamedResponse> answer(const HttpRequest& request, const HttpAdmission& admission,
                                       Deadline deadline) {
    const Route& route = *static_cast<const Route*>(admission.match().route);
    const RoutedRequest call(request, deadline, route.pattern);
    Task<StreamedResponse> answering = route.answer(call);
    StreamedResponse response = co_await std::move(answering);
    if (is_sendable(response)) co_return std::move(response);
    co_return StreamedResponse(http_detail::error_answer(500, "internal"), nullptr);
  }

  /// Puts a route for HEAD before one for GET, which also matches HEAD.
  static bool comes_before(const Route& a, const Route& b) {
    if (http_detail::is_more_specific(a.pattern, b.pattern)) return true;
    if (http_detail::is_more_specific(b.pattern, a.pattern)) return false;
    return a.method == "HEAD" && b.method != "HEAD";
  }

  tl::expected<HttpAdmission, HttpResponse> admit(const Route& route,
                                                  const HttpRequest& head) const {
    if (route.options.admit) {
      if (auto refused = route.options.admit(head)) return tl::unexpected(*std::move(refused));
    }
    return HttpAdmission(*this, route.options.max_body_bytes,
                         {.route = &route, .pattern = route.pattern});
  }

  tl::expected<HttpAdmission, HttpResponse> admit_below(std::string_view path,
                                                        const HttpRequest& head) const {
    if (const Mount* mount = mount_of(path)) return mount->handler->admit(head);
    return tl::unexpected(http_detail::error_answer(404, "not_found"));
  }

  /// The mounted handler that issued the admission; null if that is one within a mounted handler.
  const HttpHandler* handler_of(const HttpAdmission& admission) const noexcept {
    const HttpHandler* const issuer = &admission.issuer();
    const auto found = std::find_if(mounts_.begin(), mounts_.end(), [&](const Mount& mount) {
      return mount.handler.get() == issuer;
    });
    return found == mounts_.end() ? nullptr : issuer;
  }

  const Mount* mount_of(std::string_view path) const noexcept {
    const auto found = std::find_if(mounts_.begin(), mounts_.end(), [&](const Mount& mount) {
      return is_below(path, mount.prefix);
    });
    return found == mounts_.end() ? nullptr : &*found;
  }

  std::vector<Route> routes_;
  std::vector<Mount> mounts_;
};

HttpRoutes& HttpRoutes::add(std::string method, std::string pattern, detail::RouteFunction answer,
                            RouteOptions options) {
  routes_.push_back(
      Route{std::move(method), std::move(pattern), std::move(answer), std::move(options)});
  return *this;
}

HttpRoutes& HttpRoutes::mount(std::string prefix, std::shared_ptr<HttpHandler> handler) {
  mounts_.push_back(Mount{std::move(prefix), std::move(handler)});
  return *this;
}

Result<void> HttpRoutes::check() const {
  detail::Mistakes mistakes;
  for (auto route = routes_.begin(); route != routes_.end(); ++route) {
    const auto is_same = [&](const Route& other) {
      return other.method == route->method &&
             http_detail::shape_of(other.pattern) == http_detail::shape_of(route->pattern);
    };
    mistakes.about("route " + route->method, route->pattern);
    mistakes.add_if(!is_method(route->method), "the method must be in capital letters");
    const auto mistake = http_detail::mistake_in_pattern(route->pattern);
    if (mistake) mistakes.add(*mistake);
    mistakes.add_if(!mistake && std::any_of(routes_.begin(), route, is_same),
                    "another route matches the same requests");
  }
  for (auto mount = mounts_.begin(); mount != mounts_.end(); ++mount) {
    const auto is_same = [&](const Mount& other) {
      return below(other.prefix) == below(mount->prefix);
    };
    mistakes.about("mount", mount->prefix);
    mistakes.add_if(!mount->prefix.starts_with('/'), "the prefix must begin with '/'");
    mistakes.add_if(mount->handler == nullptr, "the handler is null");
    mistakes.add_if(std::any_of(mounts_.begin(), mount, is_same),
                    "another handler is mounted there");
  }
  return std::move(mistakes).result();
}

Result<std::shared_ptr<HttpHandler>> HttpRoutes::build() const {
  const Result<void> good = check();
  if (!good) return fail(good.error());
  return std::make_shared<Table>(routes_, mounts_);
}

}  // namespace v0
}  // namespace vx11
