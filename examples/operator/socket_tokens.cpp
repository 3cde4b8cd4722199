#include "socket_tokens.hpp"

#include <array>
#include <new>
#include <utility>

#include <openssl/evp.h>

namespace backend {

namespace {

constexpr const char* kPurpose = "ws";

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

SocketTokens::SocketTokens(vx11::SteadyClock clock)
    : clock_(clock), tokens_(memory_tokens(clock)) {}

vx11::Task<vx11::Result<std::string>> SocketTokens::issue(BridgeCaller caller) {
  std::string principal = caller.caller.principal;
  auto issuing = tokens_->issue(std::move(principal), kPurpose, kLifetime);
  vx11::Result<std::string> token = co_await std::move(issuing);
  if (token) keep(*token, std::move(caller));
  co_return token;
}

vx11::Task<std::optional<BridgeCaller>> SocketTokens::redeem(std::string token) {
  std::optional<BridgeCaller> caller;
  auto redeeming = tokens_->redeem(token, kPurpose);
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

std::optional<BridgeCaller> SocketTokens::take(const std::string& token) {
  const std::string digest = digest_of(token);
  const std::lock_guard lock(mutex_);
  const auto found = callers_.find(digest);
  if (found == callers_.end()) return std::nullopt;
  BridgeCaller caller = std::move(found->second.caller);
  callers_.erase(found);
  return caller;
}

}  // namespace backend
