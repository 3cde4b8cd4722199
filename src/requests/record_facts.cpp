#include "requests/record_facts.hpp"

#include <algorithm>

namespace vx11 {
inline namespace v0 {
namespace requests {

namespace {

constexpr std::size_t kLongestWord = 64;

/// The text between `before` and the next quote; empty if there is none.
std::string_view quoted_after(std::string_view body, std::size_t at,
                              std::string_view before) noexcept {
  if (at == std::string_view::npos) return {};
  const std::string_view rest = body.substr(at + before.size());
  const std::size_t end = rest.find('"');
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

bool is_word(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLongestWord &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

/// The reason, which follows the source; empty if there is none.
std::string_view reason_after(std::string_view source, std::string_view body) noexcept {
  constexpr std::string_view kBetween = R"(","reason":")";
  if (source.data() == nullptr) return {};
  const auto end = static_cast<std::size_t>(source.data() + source.size() - body.data());
  const bool has_reason = body.substr(end).starts_with(kBetween);
  return has_reason ? quoted_after(body, end, kBetween) : std::string_view();
}

/// Where a text that begins with a quote stands. The quote is frequent in JSON, so what follows it
/// is looked for.
std::size_t find_quoted(std::string_view body, std::string_view text, std::size_t from) noexcept {
  const std::string_view rest = text.substr(1);
  for (std::size_t at = body.find(rest, from + 1); at != std::string_view::npos;
       at = body.find(rest, at + 1)) {
    if (body[at - 1] == '"') return at - 1;
  }
  return std::string_view::npos;
}

/// The same, from the end.
std::size_t rfind_quoted(std::string_view body, std::string_view text) noexcept {
  const std::string_view rest = text.substr(1);
  std::size_t at = body.rfind(rest);
  while (at != std::string_view::npos && at > 0 && body[at - 1] != '"') {
    at = body.rfind(rest, at - 1);
  }
  return at == 0 || at == std::string_view::npos ? std::string_view::npos : at - 1;
}

/// The entries of the list of attempts that begins after `at`.
std::size_t count_attempts(std::string_view body, std::size_t at) noexcept {
  constexpr std::string_view kBegin = R"("attempts":[)";
  constexpr std::string_view kEntry = R"({"name":)";
  const std::size_t begin = find_quoted(body, kBegin, at);
  if (begin == std::string_view::npos) return 0;
  const std::string_view list = body.substr(begin, body.find(']', begin) - begin);
  std::size_t count = 0;
  for (std::size_t next = list.find(kEntry); next != std::string_view::npos;
       next = list.find(kEntry, next + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

std::string_view error_word(std::string_view body) noexcept {
  for (const std::string_view before : {R"("error":")", R"("code":")", R"("status":")"}) {
    const std::string_view word = quoted_after(body, body.find(before), before);
    if (is_word(word)) return word;
  }
  return {};
}

ChatFacts chat_facts(std::string_view body) noexcept {
  constexpr std::string_view kOperator = R"("metadata":{"source":")";
  constexpr std::string_view kOpenAi = R"("vx11":{"source":")";
  ChatFacts facts;
  std::string_view before = kOperator;
  std::size_t at = find_quoted(body, before, 0);
  if (at == std::string_view::npos) {
    before = kOpenAi;
    at = rfind_quoted(body, before);
  }
  facts.source = quoted_after(body, at, before);
  facts.fallback = reason_after(facts.source, body);
  facts.attempts = count_attempts(body, at == std::string_view::npos ? 0 : at);
  return facts;
}

}  // namespace requests
}  // namespace v0
}  // namespace vx11
