#include <vx11/session_store.hpp>

#include <utility>

#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {

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
