#include <vx11/chat.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "json.hpp"
#include "json_writer.hpp"

namespace vx11::inline v0 {

namespace {

using Names = std::span<const std::string_view>;

/// Where one kind of upstream wants what, and where it answers.
struct Shape {
  std::string_view path;
  std::string_view message;  ///< The member that holds the message.
  std::string_view context;  ///< The member that holds the client's metadata and ours.
  bool names_user;           ///< Whether the context says who asks.
  Names texts;               ///< The members in which the answer's text may be, best first.
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

/// What we say in the context beside the client's own metadata.
class OurMembers {
 public:
  OurMembers(const Shape& shape, const ChatRequest& chat) {
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

/// The client's metadata without the members of these names.
Result<std::string> metadata_without(const ChatRequest& chat, Names names) {
  if (chat.metadata_json == "{}") return chat.metadata_json;
  auto scanned = json::scan_object(chat.metadata_json, names);
  if (!scanned) return fail(Errc::invalid_argument, "metadata: " + scanned.error().detail);
  return std::move(scanned->rest);
}

/// All that was scanned but the chosen member, as one object.
std::string all_but(const json::Member& chosen, const json::Scanned& scanned, Names names) {
  json::Writer json(scanned.rest.size() + 64);
  json.open('{').members_of(scanned.rest);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const json::Member& member = scanned.members[i];
    if (&member == &chosen || member.kind == json::Kind::absent) continue;
    json.plain_key(names[i]);
    member.kind == json::Kind::string ? json.string(member.text) : json.raw(member.text);
  }
  return std::move(json.close('}')).take();
}

/// A dialect in which both sides speak JSON.
class JsonDialect final : public ChatDialect {
 public:
  explicit JsonDialect(const Shape& shape) : shape_(shape) {}

  Result<HttpRequest> ask(const ChatRequest& chat) const override {
    if (chat.message.empty()) return fail(Errc::invalid_argument, "the message is empty");
    const OurMembers ours(shape_, chat);
    const Result<std::string> metadata = metadata_without(chat, ours.names());
    if (!metadata) return fail(metadata.error());
    HttpRequest request("POST", {}, std::string(shape_.path));
    request.headers.add("Content-Type", "application/json");
    request.headers.add("Accept", "application/json");
    request.body = body(chat, *metadata, ours);
    return request;
  }

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    auto scanned = json::scan_object(response.body, shape_.texts);
    if (!scanned) return fail(std::move(scanned.error()));
    const auto chosen = std::find_if(
        scanned->members.begin(), scanned->members.end(),
        [](const json::Member& m) { return m.kind == json::Kind::string && !m.text.empty(); });
    if (chosen == scanned->members.end()) {
      return fail(Errc::invalid_reply, "no text in the answer");
    }
    std::string upstream_json = all_but(*chosen, *scanned, shape_.texts);
    return ChatAnswer(std::move(chosen->text), std::move(upstream_json));
  }

 private:
  std::string body(const ChatRequest& chat, std::string_view metadata,
                   const OurMembers& ours) const {
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

std::shared_ptr<const ChatDialect> switch_dialect() {
  static const auto dialect = std::make_shared<const JsonDialect>(kSwitch);
  return dialect;
}

std::shared_ptr<const ChatDialect> madre_dialect() {
  static const auto dialect = std::make_shared<const JsonDialect>(kMadre);
  return dialect;
}

}  // namespace vx11::inline v0
