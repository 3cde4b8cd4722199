#include "operator/logins/confirmations.hpp"

#include <vx11/rfc3339.hpp>
#include <vx11/token_file.hpp>

#include <algorithm>
#include <new>
#include <utility>

#include <arpa/inet.h>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

using nlohmann::json;
using Confirmed = tl::expected<ConfirmedToken, ApiAnswer>;

std::string digest_text(const std::string& token) {
  const auto digest = vx11::digest_of(token);
  if (!digest) throw std::bad_alloc();
  return std::string(digest->begin(), digest->end());
}

Confirmed offline(std::string_view reason, std::string_view message) {
  return tl::unexpected(service_offline("tentaculo_link", reason, message));
}

vx11::Scopes scopes_of(const json& names) {
  vx11::Scopes scopes;
  for (const json& name : names) {
    if (!name.is_string()) continue;
    if (const auto scope = vx11::parse_scope(name.get<std::string>())) scopes.add(*scope);
  }
  return scopes;
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Confirmed no_confirmation() {
  return offline("invalid_reply", "the gateway does not confirm credentials");
}

/// A member of another type than it should have is no reason to admit anyone, or for longer.
bool is_text_or_null(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() || found->is_string();
}

/// The answer of `GET /operator/whoami`.
Confirmed read_confirmation(const std::string& body) {
  const json answer = parse_bounded(body).value_or(json());
  const bool is_good = answer.is_object() && answer.contains("scopes") &&
                       answer["scopes"].is_array() && answer.contains("principal") &&
                       is_text_or_null(answer, "principal") && is_text_or_null(answer, "expires");
  if (!is_good) return no_confirmation();
  ConfirmedToken token;
  token.principal = text_of(answer, "principal");
  if (token.principal.empty()) token.principal = "operator";
  token.scopes = scopes_of(answer["scopes"]);
  if (const std::string text = text_of(answer, "expires"); !text.empty()) {
    token.expires = vx11::parse_rfc3339(text);
    if (!token.expires) return no_confirmation();
  }
  return token;
}

/// 401 is a JWT that has expired.
Confirmed read_answer(const vx11::HttpResponse& answer) {
  if (answer.status == 200) return read_confirmation(answer.body);
  if (answer.status == 401) return tl::unexpected(refusal(401, "invalid_token"));
  if (answer.status == 403) return tl::unexpected(refusal(403, "forbidden"));
  if (answer.status == 429) {
    ApiAnswer refused = refusal(429, "rate_limited", "the gateway limits requests");
    refused.headers.add("Retry-After", answer.headers.get("Retry-After", "5"));
    return tl::unexpected(std::move(refused));
  }
  return no_confirmation();
}

ApiAnswer too_many_guesses(vx11::Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
  ApiAnswer refused = refusal(429, "rate_limited", "too many wrong credentials from this address");
  refused.headers.add("Retry-After", std::to_string(seconds.count()));
  return refused;
}

bool is_wrong(const Confirmed& confirmed) {
  return !confirmed && (confirmed.error().status == 401 || confirmed.error().status == 403);
}

}  // namespace

std::string network_of(const std::string& address) {
  in6_addr parsed{};
  if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return address;
  constexpr std::size_t kPrefix = 8;
  std::string prefix("net6:");
  for (std::size_t i = 0; i < kPrefix; ++i) prefix += static_cast<char>(parsed.s6_addr[i]);
  return prefix;
}

Confirmations::Confirmations(ConfirmationOptions options)
    : options_(std::move(options)),
      guesses_(options_.failures, options_.period, options_.most, options_.clock) {}

vx11::Task<Confirmed> Confirmations::confirm(std::string token, std::string address,
                                             std::string correlation_id, vx11::Deadline deadline) {
  const std::string digest = digest_text(token);
  if (auto known = remembered(digest)) co_return *std::move(known);
  Guess guess(guesses_);
  if (!address.empty() && !is_known(digest)) {
    const vx11::Duration wait = guess.begin(network_of(address));
    if (wait > vx11::Duration::zero()) co_return tl::unexpected(too_many_guesses(wait));
  }
  GatewayRequest request;
  request.target = "/operator/whoami";
  request.token = std::move(token);
  request.correlation_id = std::move(correlation_id);
  // A gateway that trusts the backend as a proxy limits the client in its place.
  if (!address.empty()) request.headers.add("X-Forwarded-For", address);
  auto asking = options_.gateway->send(std::move(request),
                                       deadline.capped(options_.clock.now(), options_.timeout));
  const auto answer = co_await std::move(asking);
  if (!answer) {
    const bool is_late = answer.error().code == vx11::Errc::timeout;
    co_return offline(is_late ? "timeout" : "unreachable", "the gateway cannot be reached");
  }
  Confirmed confirmed = read_answer(*answer);
  if (confirmed) remember(digest, *confirmed);
  guess.is_wrong = is_wrong(confirmed);
  if (guess.is_wrong) forget(digest);
  co_return confirmed;
}

std::optional<ConfirmedToken> Confirmations::remembered(const std::string& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(digest);
  if (found == entries_.end() || found->second.until <= options_.clock.now()) return std::nullopt;
  return found->second.token;
}

bool Confirmations::is_known(const std::string& digest) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(digest);
}

/// Of too many, those that were confirmed longest ago are forgotten.
void Confirmations::remember(const std::string& digest, const ConfirmedToken& token) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= options_.most && !entries_.contains(digest)) {
    const auto oldest = std::min_element(
        entries_.begin(), entries_.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    entries_.erase(oldest);
  }
  entries_[digest] =
      Entry{token, vx11::saturated_add(options_.clock.now(), options_.reuse_for), ++uses_};
}

void Confirmations::forget_all() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

void Confirmations::forget(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  entries_.erase(digest);
}

}  // namespace backend
