/// \file
/// Reading the JSON of our own messages: the reader of the library beside nlohmann's SAX parser and
/// simdjson On-Demand. Method and figures: docs/design/json.md. The instructions of one row are
/// those that callgrind collects, divided by `kRounds`:
///   valgrind --tool=callgrind --toggle-collect='read_*'
///     build/release/benchmarks/json_reader_benchmark --benchmark_filter='read_ours/chat_body/'

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>
#include <simdjson.h>

#include "json/scan.hpp"
#include "json/text.hpp"

namespace {

namespace json = vx11::json;

constexpr int kRounds = 2000;

/// One read of the product: the members to find, and whether the others are kept as text.
struct Message {
  std::string name;
  std::string text;
  std::vector<std::string_view> wanted;
  bool with_rest;
};

std::string history(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += R"(user: How are you today?\nassistant: Fine, thank you.\n)";
  return text;
}

const std::vector<std::string_view> kBody = {"message", "session_id", "user_id", "mode",
                                             "metadata"};
const std::vector<std::string_view> kReply = {"response", "reply", "message"};
const std::vector<std::string_view> kEvent = {"delta", "response", "reply", "message", "content"};

// The first three are the reads for the chat that benchmarks/gateway.sh sends.
const std::vector<Message> kMessages = {
    {"chat_body",
     R"({"message":"How are you today?","session_id":"session-001","metadata":{"client":"wrk"}})",
     kBody, false},
    {"metadata", R"({"client":"wrk"})", {"context_summary"}, false},
    {"switch_reply",
     R"({"response":"switch heard: How are you today?","model":"general-7b","latency_ms":0})",
     kReply, true},
    {"madre_reply",
     R"({"response":"madre heard: How are you today?","session_id":"session-001",)"
     R"("mode":"chat","queue_id":null,"warnings":[],"model":"madre","usage":{"tokens":[12,34]}})",
     {"response"},
     true},
    // In the format of Python's json.dumps.
    {"python_body",
     R"({"message": "\u00bfC\u00f3mo est\u00e1s?", "session_id": "session-001", )"
     R"("metadata": {"client": "requests", "tags": ["a", "b"]}})",
     kBody, false},
    {"sse_event", R"({"delta":"How are ","index":17})", kEvent, false},
    {"metadata_4k",
     R"({"client":"operator-ui","tabs":[{"id":1,"title":"Status","open":true},)"
     R"({"id":2,"title":"Gr\u00fc\u00dfe","open":false}],"history":")" +
         history(3800) + "\"}",
     {"mode", "context_summary"},
     false},
    {"reply_4k", R"({"response":")" + history(3800) + R"(","model":"general-7b","latency_ms":812})",
     kReply, true},
    {"power_contract",
     R"({"policy":"operative_core","active_windows":[{"window_id":"win-1","created_at":)"
     R"("2025-12-28T12:00:00.000Z","ttl_seconds":300,"services":["switch","hermes"]}],)"
     R"("running_services":["madre","tentaculo_link","redis","switch","hermes"]})",
     {"policy", "windows"},
     true},
    {"power_deployed",
     R"({"policy":"windowed","window_id":"win-1","created_at":"2025-12-28T12:00:00.123456",)"
     R"("deadline":"2025-12-28T12:05:00.123456","ttl_remaining_sec":287.123456,)"
     R"("active_services":["madre","tentaculo_link","redis","switch"]})",
     {"policy", "windows"},
     true}};

std::size_t index_of(const Message& message, std::string_view name) {
  return static_cast<std::size_t>(std::find(message.wanted.begin(), message.wanted.end(), name) -
                                  message.wanted.begin());
}

// ---------------------------------------------------------------------------------------------
// nlohmann: a SAX handler with the same outcome.

class SaxHandler {
 public:
  SaxHandler(const Message& message, json::Split& into) : message_(message), into_(into) {
    into_.rest = "{";
  }

  bool null() { return scalar(json::Kind::null, "null"); }
  bool boolean(bool value) { return scalar(json::Kind::boolean, value ? "true" : "false"); }
  bool number_unsigned(std::uint64_t value) {
    return scalar(json::Kind::number, std::to_string(value));
  }
  bool number_integer(std::int64_t value) {
    return scalar(json::Kind::number, std::to_string(value));
  }
  bool number_float(double /*value*/, const std::string& token) {
    return scalar(json::Kind::number, token);
  }
  bool string(std::string& value) {
    kind(json::Kind::string);
    if (depth_ == 1 && member_ != nullptr) {
      text_ = std::move(value);
    } else {
      separate();
      json::append_string(*out_, value);
    }
    return finish();
  }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*unknown*/) { return start(json::Kind::object, '{'); }
  bool end_object() { return end('}'); }
  bool start_array(std::size_t /*unknown*/) { return start(json::Kind::array, '['); }
  bool end_array() { return end(']'); }
  bool key(std::string& name) {
    if (depth_ == 1) choose(name);
    if (depth_ == 1 && member_ != nullptr) return true;
    separate();
    json::append_string(*out_, name);
    *out_ += ':';
    return true;
  }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) {
    return false;
  }

 private:
  void choose(std::string_view name) {
    const std::size_t at = index_of(message_, name);
    const bool wanted = at < message_.wanted.size();
    member_ = wanted ? &into_.found.members[at] : nullptr;
    out_ = wanted ? &text_ : &into_.rest;
    text_.clear();
  }
  void kind(json::Kind is) {
    if (depth_ == 1 && member_ != nullptr) member_->kind = is;
  }
  void separate() {
    if (!out_->empty() && std::string_view("{[:").find(out_->back()) == std::string_view::npos) {
      *out_ += ',';
    }
  }
  bool scalar(json::Kind is, std::string_view text) {
    kind(is);
    separate();
    *out_ += text;
    return finish();
  }
  bool start(json::Kind is, char bracket) {
    kind(is);
    if (depth_ > 0) {
      separate();
      *out_ += bracket;
    }
    return ++depth_ <= json::kMaxDepth;
  }
  bool end(char bracket) {
    (--depth_ > 0 ? *out_ : into_.rest) += bracket;
    return finish();
  }
  bool finish() {
    if (depth_ == 1 && member_ != nullptr) member_->text = into_.found.keep(std::move(text_));
    return true;
  }

  const Message& message_;
  json::Split& into_;
  std::string text_ = {};
  std::string* out_ = &into_.rest;
  json::Member* member_ = nullptr;
  int depth_ = 0;
};

// ---------------------------------------------------------------------------------------------
// simdjson On-Demand. It does not validate what is not read, so everything is read. The whitespace
// between members is not removed, which favours simdjson.

namespace od = simdjson::ondemand;

bool is_valid(od::value value, int depth);

bool is_valid_number(od::value value) {
  od::number number;
  if (!value.get_number().get(number)) return true;
  // Only simdjson rejects numbers with more digits than 64 bits hold.
  const std::string_view token = value.raw_json_token();
  return token.find_first_not_of("-0123456789") == std::string_view::npos;
}

bool is_valid_object(od::object object, int depth) {
  for (auto field : object) {
    std::string_view name;
    if (field.unescaped_key().get(name) || field.error()) return false;
    if (!is_valid(field.value().value_unsafe(), depth)) return false;
  }
  return true;
}

bool is_valid_array(od::array array, int depth) {
  for (auto element : array) {
    if (element.error() || !is_valid(element.value_unsafe(), depth)) return false;
  }
  return true;
}

bool is_valid(od::value value, int depth) {
  if (depth > json::kMaxDepth) return false;
  od::json_type type{};
  if (value.type().get(type)) return false;
  od::object object;
  od::array array;
  std::string_view text;
  bool flag = false;
  switch (type) {
    case od::json_type::object:
      return !value.get_object().get(object) && is_valid_object(object, depth + 1);
    case od::json_type::array:
      return !value.get_array().get(array) && is_valid_array(array, depth + 1);
    case od::json_type::string:
      return !value.get_string().get(text);
    case od::json_type::number:
      return is_valid_number(value);
    case od::json_type::boolean:
      return !value.get_bool().get(flag);
    case od::json_type::null:
      return value.is_null();
  }
  return false;
}

json::Kind kind_of(char first) {
  switch (first) {
    case '"':
      return json::Kind::string;
    case '{':
      return json::Kind::object;
    case '[':
      return json::Kind::array;
    case 't':
    case 'f':
      return json::Kind::boolean;
    case 'n':
      return json::Kind::null;
    default:
      return json::Kind::number;
  }
}

std::string_view without_space_behind(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

bool simdjson_member(const Message& message, od::document& document, od::field&& field,
                     json::Split& into) {
  const char* const begin = field.key().raw() - 1;
  std::string_view name;
  if (field.unescaped_key().get(name)) return false;
  od::value value = field.value();
  const char* const first = value.raw_json_token().data();
  const std::size_t at = index_of(message, name);
  json::Member* const member = at < message.wanted.size() ? &into.found.members[at] : nullptr;
  if (member != nullptr && *first == '"') {
    member->kind = json::Kind::string;
    return !value.get_string().get(member->text);
  }
  if (!is_valid(value, 2)) return false;
  const char* end = nullptr;
  if (document.current_location().get(end)) return false;
  if (member != nullptr) {
    member->kind = kind_of(*first);
    member->text = without_space_behind({first, static_cast<std::size_t>(end - first)});
  } else if (message.with_rest) {
    if (into.rest.size() > 1) into.rest += ',';
    into.rest += without_space_behind({begin, static_cast<std::size_t>(end - begin)});
  }
  return true;
}

/// The results are views into `padded`, which is therefore kept with them.
bool simdjson_read(const Message& message, json::Split& into, std::string& padded) {
  thread_local od::parser parser;
  padded.reserve(message.text.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(message.text);
  od::document document;
  od::object object;
  if (parser.iterate(padded.data(), padded.size(), padded.capacity()).get(document) ||
      document.get_object().get(object)) {
    return false;
  }
  into.rest = "{";
  for (auto field : object) {
    if (field.error() ||
        !simdjson_member(message, document, std::move(field).value_unsafe(), into)) {
      return false;
    }
  }
  into.rest += '}';
  const char* behind = nullptr;
  return document.current_location().get(behind) == simdjson::OUT_OF_BOUNDS;
}

}  // namespace

// Named functions, so that callgrind can restrict its counting to them.

extern "C" [[gnu::noinline]] bool read_ours(const Message& message) {
  if (message.with_rest) {
    auto split = json::split_object(message.text, message.wanted);
    benchmark::DoNotOptimize(split);
    return split.has_value();
  }
  auto scanned = json::scan_object(message.text, message.wanted);
  benchmark::DoNotOptimize(scanned);
  return scanned.has_value();
}

extern "C" [[gnu::noinline]] bool read_nlohmann(const Message& message) {
  json::Split into;
  SaxHandler handler(message, into);
  const bool read = nlohmann::json::sax_parse(message.text.begin(), message.text.end(), &handler);
  benchmark::DoNotOptimize(into);
  return read;
}

extern "C" [[gnu::noinline]] bool read_simdjson(const Message& message) {
  json::Split into;
  std::string padded;
  const bool read = simdjson_read(message, into, padded);
  benchmark::DoNotOptimize(into);
  return read;
}

namespace {

using Reader = bool (*)(const Message&);
struct Named {
  const char* name;
  Reader read;
};

const std::vector<Named> kReaders = {
    {"read_ours", read_ours}, {"read_nlohmann", read_nlohmann}, {"read_simdjson", read_simdjson}};

void measure(benchmark::State& state, Reader read, const Message& message) {
  for (auto round : state) {
    if (!read(message)) return state.SkipWithError("not read");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.text.size()));
}

[[maybe_unused]] const bool kRegistered = [] {
  for (const Named& reader : kReaders) {
    for (const Message& message : kMessages) {
      benchmark::RegisterBenchmark((std::string(reader.name) + '/' + message.name + '/').c_str(),
                                   measure, reader.read, std::cref(message))
          ->Iterations(kRounds);
    }
  }
  return true;
}();

}  // namespace
