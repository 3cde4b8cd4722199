#include "operator/api/correlation.hpp"

#include <vx11/http_refusals.hpp>
#include <vx11/session.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

namespace backend {

namespace {

using vx11::HttpAdmission;
using vx11::HttpRequest;
using vx11::HttpResponse;

constexpr std::string_view kRequestId = "X-Request-Id";
constexpr std::string_view kApi = "/operator/api";
constexpr std::string_view kVersioned = "/operator/api/v1";

bool is_id(std::string_view text) noexcept {
  constexpr std::string_view kMarks = "-_.~+/=:@";
  constexpr std::size_t kLongest = 128;
  return !text.empty() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kMarks.find(c) != std::string_view::npos;
         });
}

/// The target of the same resource in its usual form; none if it has that form.
std::optional<std::string> canonical(const std::string& target) {
  const std::size_t end = std::min(target.find('?'), target.size());
  std::string path = target.substr(0, end);
  if (path == kVersioned || path.starts_with("/operator/api/v1/")) {
    path.erase(kApi.size(), kVersioned.size() - kApi.size());
  }
  const bool is_console = path == "/operator/ui/";  // relative references need the slash
  if (path.size() > 1 && path.ends_with('/') && !is_console) path.pop_back();
  if (path.size() == end) return std::nullopt;
  return path + target.substr(end);
}

/// In front of the members of an error, whose text otherwise stays as it is.
void add_member(HttpResponse& answer, const std::string& id) {
  const std::string_view type = answer.headers.get("Content-Type");
  std::string& body = answer.body;
  if (!type.starts_with("application/") || type.find("json") == std::string_view::npos) return;
  if (!body.starts_with('{') || body.find("\"correlation_id\"") != std::string::npos) return;
  const bool is_empty = body.find_first_not_of(" \t\r\n", 1) == body.rfind('}');
  body.insert(1, "\"correlation_id\":\"" + id + (is_empty ? "\"" : "\","));
}

class Canonical final : public vx11::HttpHandler, public vx11::RefusalHandler {
 public:
  explicit Canonical(std::shared_ptr<vx11::HttpHandler> inner) : inner_(std::move(inner)) {}

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    const auto target = canonical(head.target);
    auto admission = target ? inner_->admit(with(head, *target)) : inner_->admit(head);
    if (admission) {
      admission->wrap(*this);
    } else {
      complete(admission.error(), head);
    }
    return admission;
  }

  vx11::Task<vx11::StreamedResponse> open(const HttpRequest& request,
                                          const HttpAdmission& admission,
                                          vx11::Deadline deadline) const override {
    HttpRequest changed;
    const auto target = canonical(request.target);
    if (target) changed = with(request, *target);
    auto opening = inner_->open(target ? changed : request, admission, std::move(deadline));
    vx11::StreamedResponse answer = co_await std::move(opening);
    complete(answer.head, request);
    co_return answer;
  }

  std::string_view route(std::string_view target) const noexcept override {
    try {
      const auto usual = canonical(std::string(target));
      return inner_->route(usual ? std::string_view(*usual) : target);
    } catch (const std::bad_alloc&) {
      return {};
    }
  }
  void drain() noexcept override { inner_->drain(); }
  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override {
    answer = vx11::complete_refusal(*inner_, head, std::move(answer));
    complete(answer, head);
    return answer;
  }

 private:
  static HttpRequest with(const HttpRequest& request, std::string target) {
    HttpRequest changed = request;
    changed.target = std::move(target);
    return changed;
  }
  /// Routes have set the ids of their answers. Documents stay as they are.
  static void complete(HttpResponse& answer, const HttpRequest& request) {
    if (answer.headers.contains(kCorrelationId)) return;
    const auto own = answer.headers.find(kRequestId);
    const std::string id = own ? std::string(*own) : correlation_id_of(request.headers);
    answer.headers.set(kCorrelationId, id);
    answer.headers.set(kRequestId, id);
    if (answer.status >= 400) add_member(answer, id);
  }

  std::shared_ptr<vx11::HttpHandler> inner_;
};

}  // namespace

std::string correlation_id_of(const vx11::Headers& headers) {
  for (const std::string_view name : {kCorrelationId, kRequestId}) {
    if (headers.count(name) == 0) continue;
    const std::string_view text = headers.get(name);
    return headers.count(name) == 1 && is_id(text) ? std::string(text) : vx11::make_uuid();
  }
  return vx11::make_uuid();
}

std::shared_ptr<vx11::HttpHandler> make_canonical(std::shared_ptr<vx11::HttpHandler> inner) {
  return std::make_shared<Canonical>(std::move(inner));
}

}  // namespace backend
