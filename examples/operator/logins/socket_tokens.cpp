#include "operator/logins/socket_tokens.hpp"

#include <array>
#include <new>
#include <utility>

#include <openssl/evp.h>

#include "operator/api/api_answers.hpp"

namespace backend {

namespace {

std::shared_ptr<vx11::EphemeralTokens> memory_tokens(vx11::SteadyClock clock) {
  vx11::MemoryEphemeralTokensOptions options;
  options.clock = clock;
  return *vx11::make_memory_ephemeral_tokens(std::move(options));
}

std::string digest_of(const std::string& token) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(token.data(), token.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

}  // namespace

vx11::Headers credential_fields(const vx11::Headers& headers) {
  vx11::Headers fields;
  for (const vx11::Header field : headers) {
    for (const char* name : {"x-vx11-token", "Authorization", "Cookie"}) {
      if (vx11::equals_ignoring_case(field.name, name)) fields.add(field.name, field.value);
    }
  }
  return fields;
}

SocketTokens::SocketTokens(vx11::SteadyClock clock, std::string purpose)
    : clock_(clock), purpose_(std::move(purpose)), tokens_(memory_tokens(clock)) {}

vx11::Task<vx11::Result<std::string>> SocketTokens::issue(BridgeCaller caller) {
  std::string principal = caller.caller.principal;
  auto issuing = tokens_->issue(std::move(principal), purpose_, kLifetime);
  vx11::Result<std::string> token = co_await std::move(issuing);
  if (token) keep(*token, std::move(caller));
  co_return token;
}

vx11::Task<std::optional<BridgeCaller>> SocketTokens::redeem(std::string token) {
  std::optional<BridgeCaller> caller;
  auto redeeming = tokens_->redeem(token, purpose_);
  const auto principal = co_await std::move(redeeming);
  if (principal && *principal) caller = take(token);
  co_return caller;
}

void SocketTokens::keep(const std::string& token, BridgeCaller caller) {
  std::string digest = digest_of(token);
  const vx11::TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::erase_if(callers_, [now](const auto& each) { return each.second.expires <= now; });
  callers_.emplace(std::move(digest), Entry{std::move(caller), now + kLifetime});
}

void SocketTokens::end_login(std::string_view login) {
  if (login.empty()) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(callers_,
                [=](const auto& each) { return each.second.caller.caller.login == login; });
}

std::optional<BridgeCaller> SocketTokens::take(const std::string& token) {
  const std::string digest = digest_of(token);
  const std::lock_guard lock(mutex_);
  const auto found = callers_.find(digest);
  if (found == callers_.end()) return std::nullopt;
  BridgeCaller caller = std::move(found->second.caller);
  callers_.erase(found);
  return caller;
}

vx11::Task<ApiAnswer> issue_token(std::shared_ptr<SocketTokens> tokens,
                                  std::shared_ptr<AuditLog> audit, const ApiCall& call,
                                  const char* member) {
  constexpr auto kSeconds = SocketTokens::kLifetime.count();
  BridgeCaller caller(call.caller, credential_fields(call.request.headers));
  auto issuing = tokens->issue(std::move(caller));
  auto token = co_await std::move(issuing);
  if (!token) {
    ApiAnswer many = refusal(429, "too_many_tokens",
                             "Too many tokens wait to be used. Each expires within a minute.");
    many.headers.add("Retry-After", std::to_string(kSeconds));
    co_return many;
  }
  AuditEntry entry(call.caller, "token.issue", tokens->purpose(), call.correlation_id);
  entry.outcome = "done";
  auto noting = audit->add(std::move(entry));
  const auto noted = co_await std::move(noting);
  if (!noted) co_return storage_offline(noted.error());
  nlohmann::json body = {{member, *token}, {"expires_in_sec", kSeconds}, {"ttl_sec", kSeconds}};
  co_return ApiAnswer(std::move(body));
}

vx11::Task<tl::expected<BridgeCaller, ApiAnswer>> redeem_token(
    std::shared_ptr<SocketTokens> tokens, std::shared_ptr<Authorizer> authorizer,
    const ApiCall& call) {
  std::string token = call.query("token");
  if (token.empty()) co_return tl::unexpected(refusal(401, "auth_required"));
  auto redeeming = tokens->redeem(std::move(token));
  auto caller = co_await std::move(redeeming);
  if (!caller) {
    co_return tl::unexpected(refusal(
        403, "forbidden",
        "The token is used, expired, or none of POST /operator/api/events/sse-token or ws-token. A "
        "lasting token does not belong into a URL, but into the header field x-vx11-token."));
  }
  vx11::HttpRequest request("GET", {}, call.request.target);
  request.headers = caller->credential;
  request.peer = call.request.peer;
  auto confirming = authorizer->confirm(request, call.deadline);
  Confirmation confirmed = co_await std::move(confirming);
  if (!confirmed) co_return tl::unexpected(std::move(confirmed.error()));
  caller->caller = *std::move(confirmed);
  caller->caller.address = call.caller.address;
  co_return *std::move(caller);
}

}  // namespace backend
