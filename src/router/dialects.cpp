#include <vx11/chat.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "json/writer.hpp"
#include "router/completion_members.hpp"
#include "router/json_event_reader.hpp"
#include "router/no_text.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Names = std::span<const std::string_view>;

/// The JSON members of one upstream's requests and answers.
struct Shape {
  std::string_view path;
  std::string_view message;  ///< The member that holds the message.
  std::string_view context;  ///< The member for the client's metadata and ours.
  bool names_user;           ///< Whether the context contains the user.
  Names texts;               ///< The members that may hold the answer's text, best first.
};

constexpr std::array<std::string_view, 3> kSwitchTexts = {"response", "reply", "message"};
constexpr Shape kSwitch = {.path = "/switch/route-v5",
                           .message = "prompt",
                           .context = "metadata",
                           .names_user = false,
                           .texts = kSwitchTexts};
constexpr Shape kMadre = {.path = "/madre/chat",
                          .message = "message",
                          .context = "context",
                          .names_user = true,
                          .texts = Names(kSwitchTexts).first(1)};

/// Our members of the context, added to the client's metadata.
class ContextMembers {
 public:
  ContextMembers(const Shape& shape, const ChatRequest& chat) {
    if (shape.names_user) add("user_id", chat.user_id);
    if (!chat.mode.empty()) add("mode", chat.mode);
    add("context_summary", chat.context_summary);
  }

  Names names() const { return Names(names_).first(count_); }
  void write_to(json::Writer& json) const {
    for (std::size_t i = 0; i < count_; ++i) json.plain_key(names_[i]).string(values_[i]);
  }

 private:
  void add(std::string_view name, std::string_view value) {
    names_[count_] = name;
    values_[count_++] = value;
  }

  std::array<std::string_view, 3> names_ = {};
  std::array<std::string_view, 3> values_ = {};
  std::size_t count_ = 0;
};

bool is_there(const json::Member& member) noexcept {
  return member.kind != json::Kind::absent;
}

bool is_text(const json::Member& member) noexcept {
  return member.kind == json::Kind::string && !member.text.empty();
}

/// `metadata` without the members of these names: itself if unchanged, otherwise the text written
/// to `changed`. Always parsed, because a chat is untrusted input.
Result<std::string_view> without(std::string_view metadata, Names names, std::string& changed) {
  if (metadata == "{}") return metadata;
  const auto scanned = json::scan_object(metadata, names);
  if (!scanned) return fail(Errc::invalid_argument, "metadata: " + scanned.error().detail);
  const auto& members = scanned->members;
  if (scanned->plain && std::none_of(members.begin(), members.end(), is_there)) return metadata;
  auto split = json::split_object(metadata, names);
  if (!split) return fail(Errc::invalid_argument, "metadata: " + split.error().detail);
  return changed = std::move(split->rest);
}

/// All members of `text` but `chosen`, as one object. `read` is what was read of it.
std::string all_but(const json::Member& chosen, json::Split& read, Names names,
                    std::string_view text) {
  const auto& members = read.found.members;
  const auto lone = [](const json::Member& member) { return member.has_lone_surrogate; };
  if (std::any_of(members.begin(), members.end(), lone)) {  // what was decoded has lost them
    const auto at = static_cast<std::size_t>(&chosen - members.data());
    auto again = json::split_object(text, names.subspan(at, 1));
    return again ? std::move(again->rest) : "{}";
  }
  if (std::count_if(members.begin(), members.end(), is_there) == 1) return std::move(read.rest);
  json::Writer json(read.rest.size() + 64);
  json.open('{').members_of(read.rest);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const json::Member& member = members[i];
    if (&member == &chosen || !is_there(member)) continue;
    json.plain_key(names[i]);
    member.kind == json::Kind::string ? json.string(member.text) : json.raw(member.text);
  }
  return std::move(json.close('}')).take();
}

void add_ignored(EncodedChat& encoded, const ChatDialect& dialect, const ChatRequest& chat) {
  try {
    encoded.ignored = dialect.ignored_members(chat);
  } catch (...) {  // a report, no part of the request
  }
}

/// A dialect with JSON requests and answers.
class JsonDialect final : public ChatDialect {
 public:
  explicit JsonDialect(const Shape& shape) : shape_(shape) {}

  Result<HttpRequest> ask(const ChatRequest& chat) const override {
    return ask(chat, AnswerForm::whole);
  }

  // A single return variable, to allow NRVO.
  Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm form) const override {
    Result<EncodedChat> encoded = encode(chat, form);
    if (!encoded) return fail(std::move(encoded.error()));
    return std::move(encoded->request);
  }

  Result<EncodedChat> encode(const ChatRequest& chat, AnswerForm form) const override {
    Result<EncodedChat> encoded;
    if (Result<void> written = write(encoded->request, chat, form); !written) {
      encoded = fail(std::move(written.error()));
    } else if (!chat.completion_json.empty()) {
      add_ignored(*encoded, *this, chat);
    }
    return encoded;
  }

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    auto read = json::split_object(response.body, shape_.texts);
    if (!read) return no_text(std::move(read.error()));
    const auto& members = read->found.members;
    const auto* const chosen = std::find_if(members.begin(), members.end(), is_text);
    if (chosen == members.end()) return ChatAnswer();
    return Result<ChatAnswer>(tl::in_place, std::string(chosen->text),
                              all_but(*chosen, *read, shape_.texts, response.body));
  }

  std::unique_ptr<ChatEventReader> event_reader() const override {
    return std::make_unique<JsonEventReader>();
  }

  std::vector<std::string> ignored_members(const ChatRequest& chat) const override {
    return left_out(chat.completion_json);
  }
  ModelIdentity identity() const noexcept override { return {.provider = "vx11"}; }

 private:
  Result<void> write(HttpRequest& request, const ChatRequest& chat, AnswerForm form) const {
    if (auto why = inexpressible(chat.completion_json)) {
      return fail(Errc::invalid_argument, *std::move(why));
    }
    if (chat.message.empty()) return fail(Errc::invalid_argument, "the message is empty");
    const ContextMembers ours(shape_, chat);
    std::string changed;
    const auto metadata = without(chat.metadata_json, ours.names(), changed);
    if (!metadata) return fail(metadata.error());
    request.method = "POST";
    request.target = shape_.path;
    request.headers.add("Content-Type", "application/json");
    request.headers.add("Accept", form == AnswerForm::whole
                                      ? "application/json"
                                      : "text/event-stream, application/json");
    request.body = body(chat, *metadata, ours);
    return {};
  }

  std::string body(const ChatRequest& chat, std::string_view metadata,
                   const ContextMembers& ours) const {
    json::Writer json(chat.message.size() + metadata.size() + chat.context_summary.size() + 256);
    json.open('{').plain_key(shape_.message).string(chat.message);
    json.key("session_id").string(chat.session_id);
    json.plain_key(shape_.context).open('{').members_of(metadata);
    ours.write_to(json);
    return std::move(json.close('}').close('}')).take();
  }

  const Shape& shape_;
};

}  // namespace

Result<HttpRequest> ChatDialect::ask(const ChatRequest& /*chat*/) const {
  return fail(Errc::invalid_argument, "the dialect builds no request");
}

Result<HttpRequest> ChatDialect::ask(const ChatRequest& chat, AnswerForm /*form*/) const {
  return ask(chat);
}

std::unique_ptr<ChatEventReader> ChatDialect::event_reader() const {
  return nullptr;
}

std::vector<std::string> ChatDialect::ignored_members(const ChatRequest& /*chat*/) const {
  return {};
}

Result<EncodedChat> ChatDialect::encode(const ChatRequest& chat, AnswerForm form) const {
  Result<HttpRequest> request = ask(chat, form);
  if (!request) return fail(std::move(request.error()));
  Result<EncodedChat> encoded(tl::in_place, *std::move(request));
  if (!chat.completion_json.empty()) add_ignored(*encoded, *this, chat);
  return encoded;
}

std::shared_ptr<const ChatDialect> switch_dialect() {
  static const auto dialect = std::make_shared<const JsonDialect>(kSwitch);
  return dialect;
}

std::shared_ptr<const ChatDialect> madre_dialect() {
  static const auto dialect = std::make_shared<const JsonDialect>(kMadre);
  return dialect;
}

}  // namespace v0
}  // namespace vx11
