#include "faults.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace upstream {

namespace {

constexpr std::array kNames{
    std::pair{FaultKind::none, std::string_view("none")},
    std::pair{FaultKind::refuse, std::string_view("refuse")},
    std::pair{FaultKind::hang_connect, std::string_view("hang_connect")},
    std::pair{FaultKind::drop_connect, std::string_view("drop_connect")},
    std::pair{FaultKind::hang, std::string_view("hang")},
    std::pair{FaultKind::slow, std::string_view("slow")},
    std::pair{FaultKind::trickle, std::string_view("trickle")},
    std::pair{FaultKind::truncated, std::string_view("truncated")},
    std::pair{FaultKind::wrong_length, std::string_view("wrong_length")},
    std::pair{FaultKind::conflicting_length, std::string_view("conflicting_length")},
    std::pair{FaultKind::reset, std::string_view("reset")},
    std::pair{FaultKind::early_close, std::string_view("early_close")},
    std::pair{FaultKind::huge, std::string_view("huge")},
    std::pair{FaultKind::huge_header, std::string_view("huge_header")},
    std::pair{FaultKind::stream_break, std::string_view("stream_break")},
    std::pair{FaultKind::stream_stall, std::string_view("stream_stall")},
    std::pair{FaultKind::stream_cut, std::string_view("stream_cut")},
    std::pair{FaultKind::stream_error, std::string_view("stream_error")},
    std::pair{FaultKind::stream_endless, std::string_view("stream_endless")},
    std::pair{FaultKind::status_500, std::string_view("500")},
    std::pair{FaultKind::status_503, std::string_view("503")},
    std::pair{FaultKind::status_429, std::string_view("429")},
    std::pair{FaultKind::status_404, std::string_view("404")},
    std::pair{FaultKind::redirect, std::string_view("redirect")},
    std::pair{FaultKind::html, std::string_view("html")},
    std::pair{FaultKind::invalid_json, std::string_view("invalid_json")},
    std::pair{FaultKind::wrong_shape, std::string_view("wrong_shape")},
    std::pair{FaultKind::no_text, std::string_view("no_text")},
    std::pair{FaultKind::number_text, std::string_view("number_text")},
    std::pair{FaultKind::empty_text, std::string_view("empty_text")},
    std::pair{FaultKind::queued, std::string_view("queued")},
    std::pair{FaultKind::nul, std::string_view("nul")},
    std::pair{FaultKind::bad_utf8, std::string_view("bad_utf8")},
    std::pair{FaultKind::context_too_long, std::string_view("context_too_long")},
    std::pair{FaultKind::content_refused, std::string_view("content_refused")},
    std::pair{FaultKind::content_filtered, std::string_view("content_filtered")},
};

struct Canned {
  FaultKind kind;
  int status;
  std::string_view content_type;
  std::string_view body;
};

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

constexpr std::array kCanned{
    Canned{FaultKind::status_500, 500, kJson, R"({"detail":"Internal Server Error"})"},
    Canned{FaultKind::status_503, 503, kJson, R"({"detail":"Service Unavailable"})"},
    Canned{FaultKind::status_429, 429, kJson, R"({"detail":"Too Many Requests"})"},
    Canned{FaultKind::status_404, 404, kJson, R"({"detail":"Not Found"})"},
    Canned{FaultKind::redirect, 302, kHtml, ""},
    Canned{FaultKind::html, 200, kHtml,
           "<!doctype html><title>Sign in</title><form><input name=user></form>\n"},
    Canned{FaultKind::invalid_json, 200, kJson, R"({"response":"switch heard: )"},
    Canned{FaultKind::wrong_shape, 200, kJson, R"([{"response":"a list"}])"},
    Canned{FaultKind::no_text, 200, kJson, R"({"model":"vx11-stub","provider":"local"})"},
    Canned{FaultKind::number_text, 200, kJson, R"({"response":42})"},
    Canned{FaultKind::empty_text, 200, kJson, R"({"response":""})"},
    Canned{FaultKind::queued, 200, kJson, kQueuedReply},
    Canned{FaultKind::nul, 200, kJson, R"({"response":"before\u0000after"})"},
    Canned{FaultKind::bad_utf8, 200, kJson, "{\"response\":\"before\xff\xc0\xaf after\"}"},
};

bool is_below(std::string_view path, std::string_view prefix) {
  return path.substr(0, prefix.size()) == prefix;
}

}  // namespace

std::optional<FaultKind> fault_named(std::string_view name) {
  for (const auto& [kind, text] : kNames) {
    if (text == name) return kind;
  }
  return std::nullopt;
}

std::string_view name_of(FaultKind kind) {
  for (const auto& [known, text] : kNames) {
    if (known == kind) return text;
  }
  return "none";
}

bool is_listener_fault(FaultKind kind) {
  return kind == FaultKind::refuse || kind == FaultKind::hang_connect ||
         kind == FaultKind::drop_connect;
}

bool is_stream_fault(FaultKind kind) {
  return kind >= FaultKind::stream_break && kind <= FaultKind::stream_endless;
}

bool canned_reply(FaultKind kind, const Request& request, std::optional<int> retry_after,
                  Reply& reply) {
  const auto* canned = std::find_if(kCanned.begin(), kCanned.end(),
                                    [kind](const Canned& entry) { return entry.kind == kind; });
  if (canned == kCanned.end()) return false;
  reply.set(canned->status, std::string(canned->body));
  reply.content_type = canned->content_type;
  if (kind == FaultKind::status_429 && !retry_after) retry_after = 1;
  if (retry_after) reply.headers = fmt::format("retry-after: {}\r\n", *retry_after);
  if (kind == FaultKind::redirect)
    reply.headers = fmt::format("location: {}{}\r\n", kRedirectPrefix, request.target);
  return true;
}

void FaultBoard::set(Fault fault) {
  const std::lock_guard lock(mutex_);
  std::erase_if(faults_, [&](const Fault& old) { return old.path == fault.path; });
  if (fault.kind != FaultKind::none) faults_.push_back(std::move(fault));
  std::stable_sort(faults_.begin(), faults_.end(), [](const Fault& left, const Fault& right) {
    return left.path.size() > right.path.size();
  });
  any_ = !faults_.empty();
}

void FaultBoard::clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
  any_ = false;
}

std::optional<Fault> FaultBoard::take(const Request& request, bool streams) {
  if (!any_ || is_below(request.path, kRedirectPrefix)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto hit = std::find_if(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return is_below(request.path, fault.path) && !is_listener_fault(fault.kind) &&
           (streams || !is_stream_fault(fault.kind));
  });
  if (hit == faults_.end()) return std::nullopt;
  Fault struck = *hit;
  if (hit->times && --*hit->times == 0) faults_.erase(hit);
  any_ = !faults_.empty();
  return struck;
}

FaultKind FaultBoard::listener_fault() const {
  const std::lock_guard lock(mutex_);
  for (const auto& fault : faults_) {
    if (is_listener_fault(fault.kind)) return fault.kind;
  }
  return FaultKind::none;
}

std::vector<Fault> FaultBoard::all() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

}  // namespace upstream
