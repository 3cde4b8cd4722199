#include "chat_dialect.hpp"

#include <vx11/dialect/anthropic.hpp>
#include <vx11/dialect/ollama.hpp>
#include <vx11/dialect/openai.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "described_dialect.hpp"

namespace vx11::c {
namespace {

using Dialect = Result<std::shared_ptr<const ChatDialect>>;

/// Takes the path off the target's URL; `otherwise` if it has none.
std::string take_path(Fields& fields, std::string& url, std::string_view otherwise) {
  const Result<Url> parsed = Url::parse(url, {.path = true});
  if (!parsed) {
    static constexpr std::string_view kName = "url ";  // with which the detail begins
    fields.mistake("url", parsed.error().detail.substr(kName.size()).c_str());
    return std::string(otherwise);
  }
  if (parsed->path().empty()) return std::string(otherwise);
  url = url.substr(0, url.find('/', url.find("://") + 3));
  return parsed->path();
}

template <class Options>
void read_common(Fields& fields, Options& options) {
  fields.read("model", options.model);
  fields.read("system_prompt", options.system_prompt);
  fields.read("history_tokens", options.history_tokens);
  fields.read_object("extra", options.extra_json);
}

void require_model(Fields& fields, const std::string& model) {
  if (model.empty()) fields.mistake("model", "is missing: this API requires one");
}

void read_key(Fields& fields, RouterTarget& target, const char* header, const char* scheme) {
  std::string key;
  fields.read("key", key);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (std::any_of(key.begin(), key.end(), control)) {
    return fields.mistake("key", "contains control characters, which a header cannot have");
  }
  if (!key.empty() && !target.headers.contains(header)) target.headers.add(header, scheme + key);
}

Dialect openai(Fields& fields, RouterTarget& target) {
  OpenAiDialectOptions options;
  const std::string url = target.url;
  options.base_path = take_path(fields, target.url, options.base_path);
  fields.read("path", options.path);
  if (fields.has("path") && target.url != url) {
    fields.mistake("path", "replaces the path of url: give one of them");
  }
  read_common(fields, options);
  read_key(fields, target, "authorization", "Bearer ");
  return openai_dialect(std::move(options));
}

Dialect ollama(Fields& fields, RouterTarget& target) {
  OllamaDialectOptions options;
  options.base_path = take_path(fields, target.url, options.base_path);
  read_common(fields, options);
  require_model(fields, options.model);
  read_key(fields, target, "authorization", "Bearer ");
  return ollama_dialect(std::move(options));
}

Dialect anthropic(Fields& fields, RouterTarget& target) {
  AnthropicDialectOptions options;
  options.base_path = take_path(fields, target.url, options.base_path);
  fields.read("max_tokens", options.max_tokens);
  read_common(fields, options);
  require_model(fields, options.model);
  read_key(fields, target, "x-api-key", "");
  return anthropic_dialect(std::move(options));
}

Dialect named(std::string_view name, Fields& fields, RouterTarget& target) {
  if (name == "openai") return openai(fields, target);
  if (name == "ollama") return ollama(fields, target);
  if (name == "anthropic") return anthropic(fields, target);
  if (name == "switch") return switch_dialect();
  if (name == "madre") return madre_dialect();
  if (name.empty()) return std::shared_ptr<const ChatDialect>();  // the router goes by the name
  fields.mistake("dialect",
                 "is none of openai, ollama, anthropic, switch and madre, nor a description");
  return std::shared_ptr<const ChatDialect>();
}

/// Fields that were not read, because the dialect has no place for them.
void refuse_others(Fields& fields) {
  for (const char* name :
       {"model", "key", "system_prompt", "history_tokens", "max_tokens", "path", "extra"}) {
    fields.refuse(name, "has no effect with this dialect");
  }
}

/// The error, with the dialect's name for what is `extra` here replaced.
Error as_described(Error error, const std::string& target) {
  static constexpr std::string_view kTheirs = "extra_json";
  const std::size_t at = error.detail.find(kTheirs);
  if (at != std::string::npos) error.detail.replace(at, kTheirs.size(), "extra");
  error.detail.insert(0, "target \"" + target + "\": ");
  return error;
}

}  // namespace

Result<void> read_dialect(Fields& fields, RouterTarget& target) {
  std::string name;
  Dialect dialect = std::shared_ptr<const ChatDialect>();
  if (fields.is_object("dialect")) {
    dialect = described_dialect(fields.object("dialect"));
  } else {
    fields.read("dialect", name);
    dialect = named(name, fields, target);
  }
  refuse_others(fields);
  if (!dialect) return fail(as_described(std::move(dialect.error()), target.name));
  target.dialect = *std::move(dialect);
  return {};
}

}  // namespace vx11::c
