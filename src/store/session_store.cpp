#include <vx11/session_store.hpp>

#include <charconv>
#include <system_error>
#include <utility>

#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// Begins the keys of principals: 0x1F, the size of the principal, a colon, the principal, the id.
constexpr char kOfPrincipal = '\x1F';

}  // namespace

std::string session_key(const std::string* principal, std::string id) {
  const bool has_none = principal == nullptr || principal->empty();
  if (has_none && !id.starts_with(kOfPrincipal)) return id;
  const std::string_view owner = has_none ? std::string_view() : *principal;
  std::string key(1, kOfPrincipal);
  key.append(std::to_string(owner.size())).append(":").append(owner).append(id);
  return key;
}

std::string_view principal_of(std::string_view key) noexcept {
  if (!key.starts_with(kOfPrincipal)) return {};
  key.remove_prefix(1);
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), size);
  const auto colon = static_cast<std::size_t>(end - key.data());
  if (error != std::errc() || colon == key.size() || key[colon] != ':') return {};
  key.remove_prefix(colon + 1);
  return size <= key.size() ? key.substr(0, size) : std::string_view();
}

Task<Result<bool>> SessionStore::erase(std::string /*id*/) {
  return Result<bool>(fail(Errc::invalid_argument, "this store deletes no sessions"));
}

Task<Result<std::string>> SessionStore::summary(std::string id, std::string_view question) {
  Task<Result<std::vector<Message>>> reading = recent(std::move(id), kMessagesOfSummary - 1);
  const auto history = co_await std::move(reading);
  if (!history) co_return fail(history.error());
  std::vector<MessageView> said(history->begin(), history->end());
  said.emplace_back("user", question);
  co_return summary_of(said);
}

}  // namespace v0
}  // namespace vx11
