#include "requests/problem.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "http/media_type.hpp"
#include "http/reason_phrase.hpp"
#include "http/request_id.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace requests {

namespace {

/// The members of an error that problem details need, in this order: those that RFC 9457 defines
/// first. `error` and `message` are kept as members of the problem.
constexpr std::array<std::string_view, 7> kNames = {"type",     "title", "status", "detail",
                                                    "instance", "error", "message"};
constexpr std::size_t kKept = 2;

/// What an error says.
struct Said {
  std::string word = {};
  std::string detail = {};
  bool has_error = false;  ///< Whether there is a member `error`.
};

std::string text_of(const json::Member& member) {
  return member.kind == json::Kind::string ? std::string(member.text) : std::string();
}

/// OpenAI's form: the error is an object.
Said read_object(std::string_view error) {
  constexpr std::array<std::string_view, 2> kMembers = {"code", "message"};
  const auto scanned = json::scan_object(error, kMembers);
  if (!scanned) return {};
  return Said{text_of(scanned->members[0]), text_of(scanned->members[1]), true};
}

/// The message of the first of several mistakes: `{"detail":[{"msg":…}]}`.
std::string first_mistake(const json::Member& list) {
  constexpr std::array<std::string_view, 1> kMembers = {"msg"};
  const auto first = json::ArrayItems(list.text).next();
  if (!first) return {};
  const auto scanned = json::scan_object(*first, kMembers);
  return scanned ? text_of(scanned->members[0]) : std::string();
}

std::string words_of(std::string word) {
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

Said read(const json::Scanned& body) {
  const json::Member& error = body.members[5];
  Said said;
  if (error.kind == json::Kind::object) {
    said = read_object(error.text);
  } else {
    said.has_error = error.kind == json::Kind::string;
    said.word = text_of(said.has_error ? error : body.members[2]);
  }
  for (const std::size_t place : {std::size_t{6}, std::size_t{3}}) {
    if (said.detail.empty()) said.detail = text_of(body.members[place]);
  }
  if (body.members[3].kind == json::Kind::array) said.detail = first_mistake(body.members[3]);
  if (said.detail.empty()) said.detail = words_of(said.word);
  return said;
}

/// Errors have words that need no escaping in a URI; one that has not gets no type of its own.
std::string type_of(std::string_view base, std::string_view word) {
  const bool is_word = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return base.empty() || !is_word ? "about:blank" : std::string(base).append(word);
}

std::string problem_of(const HttpResponse& answer, const json::Split& body,
                       std::string_view type_base) {
  const Said said = read(body.found);
  json::Writer json(answer.body.size() + 256);
  json.open('{').key("type").string(type_of(type_base, said.word));
  json.key("title").string(http_detail::reason_phrase(answer.status));
  json.key("status").integer(answer.status);
  if (!said.detail.empty()) json.key("detail").string(said.detail);
  if (const auto id = answer.headers.find(http_detail::kRequestId)) {
    json.key("instance").string(std::string("urn:vx11:request:").append(*id));
  }
  if (!said.has_error && !said.word.empty()) json.key("error").string(said.word);
  const json::Member& mistakes = body.found.members[3];
  if (mistakes.kind == json::Kind::array) json.key("errors").raw(mistakes.text);
  if (body.rest.size() > 2) json.members_of(body.rest);
  json.close('}');
  return std::move(json).take();
}

}  // namespace

void make_problem(HttpResponse& answer, std::string_view type_base) {
  if (answer.status < 400 || answer.body.empty()) return;
  if (!endpoints::is_json_in_utf8(answer.headers.get("Content-Type"))) return;
  const auto body = json::split_object(answer.body, kNames, kKept);
  if (!body) return;
  answer.body = problem_of(answer, *body, type_base);
  answer.headers.set("Content-Type", "application/problem+json");
  answer.headers.add("Vary", "Accept");
}

}  // namespace requests
}  // namespace v0
}  // namespace vx11
