#include "operator/records/session_search.hpp"

#include <charconv>
#include <utility>
#include <vector>

#include "operator/store/stored_text.hpp"

namespace backend {

namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";
/// More words make the search slower and not better.
constexpr int kMaxWords = 16;

std::optional<std::int64_t> number(std::string_view digits) {
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::string cursor_of(const ChatSession& last) {
  return std::to_string(to_stored(last.updated)) + "." + std::to_string(last.key);
}

/// The condition on sessions and its values, without the cursor.
struct Condition {
  std::string text = " WHERE 1";
  std::vector<SqlValue> values = {};

  void add(const std::string& before, SqlValue value, const std::string& after = {}) {
    values.push_back(std::move(value));
    text += " AND " + before + "?" + std::to_string(values.size()) + after;
  }
};

Condition condition_of(const ChatSessionFilter& filter) {
  Condition condition;
  if (filter.principal) condition.add("principal = ", *filter.principal);
  const std::string match = match_expression(filter.words);
  if (!match.empty()) {
    condition.add(
        "key IN (SELECT session FROM turns WHERE id IN"
        " (SELECT rowid FROM turn_words WHERE turn_words MATCH ",
        match, "))");
  }
  return condition;
}

}  // namespace

ChatSession session_at(SQLite::Statement& row) {
  ChatSession session;
  session.key = row.getColumn(0).getInt64();
  session.principal = row.getColumn(1).getString();
  session.session_id = row.getColumn(2).getString();
  session.title = row.getColumn(3).getString();
  session.created = time_of(row.getColumn(4).getInt64());
  session.updated = time_of(row.getColumn(5).getInt64());
  session.turns = static_cast<std::uint64_t>(row.getColumn(6).getInt64());
  return session;
}

std::optional<SessionPosition> position_of(std::string_view cursor) {
  if (cursor.empty()) return SessionPosition();
  const std::size_t dot = cursor.find('.');
  const auto updated = number(cursor.substr(0, dot));
  const auto key = dot == std::string_view::npos ? std::nullopt : number(cursor.substr(dot + 1));
  if (!updated || !key) return std::nullopt;
  return SessionPosition{.updated = *updated, .key = *key};
}

ChatSessionPage session_page(Connection& connection, const ChatSessionFilter& filter,
                             SessionPosition position) {
  Condition condition = condition_of(filter);
  ChatSessionPage page;
  page.total = static_cast<std::uint64_t>(
      connection.integer("SELECT count(*) FROM sessions" + condition.text, condition.values)
          .value_or(0));
  condition.add("(updated_at, key) < (", position.updated, ", ");
  condition.values.emplace_back(position.key);
  condition.text += "?" + std::to_string(condition.values.size()) + ")";
  condition.values.emplace_back(as_limit(filter.limit) + 1);
  const auto take = [&](SQLite::Statement& row) {
    if (page.sessions.size() < filter.limit) {
      page.sessions.push_back(session_at(row));
    } else {
      page.next = cursor_of(page.sessions.back());
    }
  };
  connection.each(kSessionColumns + condition.text + " ORDER BY updated_at DESC, key DESC LIMIT ?" +
                      std::to_string(condition.values.size()),
                  take, condition.values);
  return page;
}

std::string match_expression(std::string_view words) {
  std::string expression;
  for (int count = 0; count < kMaxWords; ++count) {
    const std::size_t begin = words.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) break;
    words.remove_prefix(begin);
    const std::string_view word = words.substr(0, words.find_first_of(kSpace));
    words.remove_prefix(word.size());
    expression += expression.empty() ? "\"" : " AND \"";
    for (const char c : word) {
      if (c == '\0') continue;
      expression.append(c == '"' ? 2 : 1, c);
    }
    expression += "\" *";
  }
  return expression;
}

}  // namespace backend
