#include "described_dialect.hpp"

#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace vx11::c {
namespace {

using Json = nlohmann::json;
using Values = std::map<std::string, Json>;

/// Puts the values in the place of the texts that name them.
void fill(Json& part, const Values& values) {
  if (part.is_structured()) {
    for (Json& inner : part) fill(inner, values);
  } else if (part.is_string()) {
    const auto found = values.find(part.get_ref<const std::string&>());
    if (found != values.end()) part = found->second;
  }
}

class DescribedDialect final : public ChatDialect {
 public:
  DescribedDialect(std::string path, Json body, Json::json_pointer text)
      : path_(std::move(path)), body_(std::move(body)), text_(std::move(text)) {}

  using ChatDialect::ask;
  Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm) const override {
    Json metadata = parsed_shallow(chat.metadata_json);
    if (!metadata.is_object()) return fail(Errc::invalid_argument, "metadata is no JSON object");
    Json body = body_;
    fill(body, {{"{message}", chat.message},
                {"{session_id}", chat.session_id},
                {"{user_id}", chat.user_id},
                {"{mode}", chat.mode},
                {"{context_summary}", chat.context_summary},
                {"{metadata}", std::move(metadata)}});
    HttpRequest request("POST", {}, path_);
    request.headers.add("content-type", "application/json");
    request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    return request;
  }

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    Json reply = parsed_shallow(response.body);
    if (!reply.is_object()) return fail(Errc::invalid_reply, "the answer is no JSON object");
    if (!reply.contains(text_) || !reply[text_].is_string() || reply[text_].empty()) {
      return fail(Errc::invalid_reply, "the answer has no text");
    }
    auto text = reply[text_].get<std::string>();
    if (text.empty()) return fail(Errc::invalid_reply, "the answer has no text");
    Json::json_pointer member = text_;
    while (!member.parent_pointer().empty()) member = member.parent_pointer();
    reply.erase(member.back());
    return ChatAnswer(std::move(text), reply.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

 private:
  const std::string path_;
  const Json body_;
  const Json::json_pointer text_;
};

}  // namespace

Result<std::shared_ptr<const ChatDialect>> described_dialect(Fields fields) {
  std::string path, body, text;
  fields.require("path", path);
  fields.read_object("body", body);
  fields.require("text", text);
  fields.end();
  if (path.empty() || path.front() != '/') {
    return fail(Errc::invalid_argument, "dialect.path is a path that begins with a slash");
  }
  if (body.empty()) return fail(Errc::invalid_argument, "dialect.body is missing");
  try {
    Json::json_pointer pointer(text);
    if (!pointer.empty()) {
      return std::make_shared<const DescribedDialect>(std::move(path), Json::parse(body),
                                                      std::move(pointer));
    }
  } catch (const Json::exception&) {  // not a pointer
  }
  return fail(Errc::invalid_argument, "dialect.text is a JSON pointer, such as /message/content");
}

}  // namespace vx11::c
