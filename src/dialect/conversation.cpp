#include "dialect/conversation.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

/// Members of messages, their parts, tools and calls that change nothing of what was said, or that
/// clients send back from an answer.
constexpr std::array<std::string_view, 10> kHints = {
    "name",        "refusal", "reasoning", "reasoning_content", "reasoning_details",
    "annotations", "parsed",  "strict",    "cache_control",     "parsed_arguments"};

bool is_hint(std::string_view name) noexcept {
  return std::find(kHints.begin(), kHints.end(), name) != kHints.end();
}

bool is_nothing(std::string_view value) noexcept {
  constexpr std::array<std::string_view, 4> kNothing = {"null", "false", "[]", "{}"};
  return std::find(kNothing.begin(), kNothing.end(), value) != kNothing.end();
}

}  // namespace

bool is_given(const json::Member& member) noexcept {
  return member.kind != json::Kind::absent && member.kind != json::Kind::null;
}

bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

void ignore(std::vector<std::string>& ignored, std::string_view name) {
  if (std::find(ignored.begin(), ignored.end(), name) == ignored.end()) ignored.emplace_back(name);
}

std::string unread_member(std::string_view rest, std::string_view list,
                          std::vector<std::string>& ignored) {
  json::ObjectItems members(rest);
  while (const auto member = members.next()) {
    if (is_nothing(member->value)) continue;
    if (!is_hint(member->name)) return std::string(member->name);
    ignore(ignored, std::string(list) + '.' + std::string(member->name));
  }
  return {};
}

std::span<const ChatMessage> newest(const std::vector<ChatMessage>& history,
                                    std::size_t tokens) noexcept {
  constexpr std::size_t kBytesPerToken = 4;
  auto first = history.end();
  while (first != history.begin()) {
    const std::size_t size = (std::prev(first)->text.size() + kBytesPerToken - 1) / kBytesPerToken;
    if (size > tokens) break;
    tokens -= size;
    --first;
  }
  return {first, history.end()};
}

HttpRequest post_json(std::string path, AnswerForm form, std::string_view stream_type) {
  HttpRequest request("POST", {}, std::move(path));
  request.headers.add("Content-Type", "application/json");
  std::string accept = "application/json";
  if (form == AnswerForm::stream) accept = std::string(stream_type) + ", application/json";
  request.headers.add("Accept", accept);
  return request;
}

void settle_extra(std::string& extra, std::span<const std::string_view> written,
                  detail::Mistakes& mistakes) {
  auto read = json::split_object(extra, written);
  if (!read) return mistakes.add("extra_json: " + read.error().detail);
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (read->found.members[i].kind == json::Kind::absent) continue;
    mistakes.add("extra_json: " + std::string(written[i]) + " is written by the dialect");
  }
  extra = std::move(read->rest);
}

bool is_path(std::string_view path) noexcept {
  const auto visible = [](char c) { return c > ' ' && c < '\x7F' && c != '#'; };
  return path.empty() || (path.front() == '/' && std::all_of(path.begin(), path.end(), visible));
}

std::string joined_path(std::string_view base, std::string_view endpoint) {
  const std::size_t mark = std::min(base.find('?'), base.size());
  std::string_view path = base.substr(0, mark);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::string_view query = base.substr(mark);
  if (query.size() == 1) query = {};
  return std::string(path).append(endpoint).append(query);
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
