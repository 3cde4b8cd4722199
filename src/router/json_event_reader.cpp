#include "router/json_event_reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "json/sole_string.hpp"
#include "json/text.hpp"
#include "router/error_member.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// The members that matter in the data of an event: the error, then what may hold text, best first.
constexpr std::array<std::string_view, 6> kEventMembers = {"error", "delta",   "response",
                                                           "reply", "message", "content"};

bool is_text(const json::Member& member) noexcept {
  return member.kind == json::Kind::string && !member.text.empty();
}

/// The text of `{"delta":"…"}`, as nearly all events are; empty for anything else.
std::string_view plain_delta(std::string_view data) noexcept {
  constexpr std::string_view kBegin = R"({"delta":")";
  constexpr std::string_view kEnd = "\"}";
  if (!data.starts_with(kBegin)) return {};
  const std::size_t end = json::skip_plain_or_utf8(data, kBegin.size());
  const bool is_all = data.size() == end + kEnd.size() && data.ends_with(kEnd);
  return is_all ? data.substr(kBegin.size(), end - kBegin.size()) : std::string_view();
}

/// The usual event: nothing but text, under a name that may hold it.
bool read_sole_text(std::string_view data, std::string& text) {
  if (const std::string_view delta = plain_delta(data); !delta.empty()) {
    text += delta;
    return true;
  }
  const auto sole = json::sole_string(data);
  if (!sole || sole->text.empty()) return false;
  if (std::find(kEventMembers.begin() + 1, kEventMembers.end(), sole->name) == kEventMembers.end())
    return false;
  text += sole->text;
  return true;
}

ChatEventKind read_message(std::string_view data, std::string& text) {
  if (read_sole_text(data, text)) return ChatEventKind::piece;
  const auto scanned = json::scan_object(data, kEventMembers);
  // JSON that is no object, and the `[DONE]` of others, are not ours; half an object was ours.
  if (!scanned) {
    const bool damaged = !scanned.error().may_be_json() && data.starts_with('{');
    return damaged ? ChatEventKind::error : ChatEventKind::ignored;
  }
  const auto& members = scanned->members;
  if (reports_error(members[0])) return ChatEventKind::error;
  const auto* const chosen = std::find_if(members.begin() + 1, members.end(), is_text);
  if (chosen == members.end()) return ChatEventKind::ignored;
  text += chosen->text;
  return ChatEventKind::piece;
}

}  // namespace

ChatEventKind JsonEventReader::read(const ServerSentEvent& event, std::string& text) {
  if (event.name == "message") return read_message(event.data, text);
  if (event.name == "done") return read_done(event.data);
  return event.name == "error" ? ChatEventKind::error : ChatEventKind::ignored;
}

/// The text of the whole answer, which some upstreams repeat here, is left out.
ChatEventKind JsonEventReader::read_done(std::string_view data) {
  auto read = json::split_object(data, kEventMembers);
  if (!read) {  // half an object was ours
    const bool is_damaged = !read.error().may_be_json() && data.starts_with('{');
    return is_damaged ? ChatEventKind::error : ChatEventKind::end;
  }
  if (reports_error(read->found.members[0])) return ChatEventKind::error;
  upstream_json_ = std::move(read->rest);
  return ChatEventKind::end;
}

}  // namespace v0
}  // namespace vx11
