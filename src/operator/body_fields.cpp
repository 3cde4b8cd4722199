#include "operator/body_fields.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "json/strings.hpp"
#include "json/writer.hpp"
#include "operator/answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// 422 for a body that is not a JSON object.
HttpResponse unreadable(const json::ScanError& error) {
  Mistakes mistakes;
  if (error.reason == json::ScanErrc::not_object) {
    mistakes.add(R"(["body"])", "Input should be a valid dictionary or object",
                 "model_attributes_type");
  } else if (error.reason == json::ScanErrc::not_json) {
    mistakes.add("[\"body\"," + std::to_string(error.byte) + "]", "JSON decode error",
                 "json_invalid");
  } else {
    mistakes.add(R"(["body"])", "JSON decode error: " + error.detail, "json_invalid");
  }
  return mistakes.answer();
}

HttpResponse missing_body() {
  Mistakes mistakes;
  mistakes.add(R"(["body"])", "Field required", "missing");
  return mistakes.answer();
}

bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

bool has_control_bytes(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// "'a', 'b' or 'c'"
template <class Strings>
std::string listed(const Strings& choices) {
  std::string text;
  std::size_t left = choices.size();
  for (const auto& choice : choices) {
    text.append("'").append(choice).append("'");
    if (--left > 0) text += left == 1 ? " or " : ", ";
  }
  return text;
}

}  // namespace

namespace {

std::string mistake_entry(std::string_view location, std::string_view message,
                          std::string_view type) {
  json::Writer json(128);
  json.open('{').key("loc").raw(location).key("msg").string(message).key("type").string(type);
  json.close('}');
  return std::move(json).take();
}

}  // namespace

void Mistakes::add(std::string_view location, std::string_view message, std::string_view type) {
  if (++count_ > kMost) return;
  if (!list_.empty()) list_ += ',';
  list_ += mistake_entry(location, message, type);
}

HttpResponse Mistakes::answer() const {
  std::string body = "{\"detail\":[" + list_;
  if (count_ > kMost) {
    const std::string more = std::to_string(count_ - kMost) + " more mistakes";
    body.append(",").append(mistake_entry(R"(["body"])", more, "too_many_errors"));
  }
  return json_answer(422, body + "]}");
}

std::string in_body(std::string_view name) {
  json::Writer json(64);
  json.open('[').string("body").string(name).close(']');
  return std::move(json).take();
}

std::string in_body(std::string_view name, std::size_t index) {
  json::Writer json(64);
  json.open('[').string("body").string(name).integer(static_cast<std::int64_t>(index)).close(']');
  return std::move(json).take();
}

tl::expected<BodyFields, HttpResponse> BodyFields::read(std::string_view body,
                                                        std::span<const std::string_view> names) {
  tl::expected<BodyFields, HttpResponse> fields(tl::in_place, body, names);
  if (body.empty()) {
    fields = tl::unexpected(missing_body());
  } else if (!fields->scanned_) {
    fields = tl::unexpected(unreadable(fields->scanned_.error()));
  }
  return fields;
}

bool BodyFields::is_absent(std::size_t field) const noexcept {
  const json::Kind kind = member(field).kind;
  return kind == json::Kind::absent || kind == json::Kind::null;
}

void BodyFields::mistake(std::size_t field, std::string_view message, std::string_view type) {
  mistakes_.add(in_body(names_[field]), message, type);
}

bool BodyFields::expect(std::size_t field, json::Kind kind, std::string_view message,
                        std::string_view type) {
  if (member(field).kind == kind && !member(field).has_lone_surrogate) return true;
  if (member(field).kind == kind) {
    mistake(field, "Input should be a valid string, without lone surrogates", "string_unicode");
    return false;
  }
  const bool missing = member(field).kind == json::Kind::absent;
  missing ? mistake(field, "Field required", "missing") : mistake(field, message, type);
  return false;
}

std::string_view BodyFields::required_text(std::size_t field) {
  if (!expect(field, json::Kind::string, "Input should be a valid string", "string_type"))
    return {};
  if (is_blank(member(field).text)) {
    mistake(field, "String should have at least 1 character", "string_too_short");
  }
  return member(field).text;
}

std::string_view BodyFields::optional_word(std::size_t field, std::size_t most) {
  if (is_absent(field)) return {};
  if (!expect(field, json::Kind::string, "Input should be a valid string", "string_type"))
    return {};
  if (member(field).text.size() > most) {
    mistake(field, "String should have at most " + std::to_string(most) + " bytes",
            "string_too_long");
  } else if (has_control_bytes(member(field).text)) {
    mistake(field, "String should have no control characters", "string_pattern_mismatch");
  }
  return member(field).text;
}

std::string_view BodyFields::optional_object(std::size_t field) {
  if (is_absent(field)) return "{}";
  if (!expect(field, json::Kind::object, "Input should be a valid dictionary", "dict_type")) {
    return "{}";
  }
  return member(field).text;
}

std::optional<std::int64_t> BodyFields::optional_integer(std::size_t field, std::int64_t least,
                                                         std::int64_t most) {
  constexpr std::string_view kWrong = "Input should be a valid integer";
  if (is_absent(field)) return std::nullopt;
  if (!expect(field, json::Kind::number, kWrong, "int_type")) return std::nullopt;
  const std::string_view text = member(field).text;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    mistake(field, kWrong, "int_type");
  } else if (value < least) {
    mistake(field, "Input should be greater than or equal to " + std::to_string(least),
            "greater_than_equal");
  } else if (value > most) {
    mistake(field, "Input should be less than or equal to " + std::to_string(most),
            "less_than_equal");
  }
  return value;
}

std::string_view BodyFields::optional_choice(std::size_t field,
                                             std::initializer_list<std::string_view> choices) {
  if (is_absent(field)) return *choices.begin();
  const std::string message = "Input should be " + listed(choices);
  if (!expect(field, json::Kind::string, message, "literal_error")) return {};
  if (std::find(choices.begin(), choices.end(), member(field).text) == choices.end()) {
    mistake(field, message, "literal_error");
  }
  return member(field).text;
}

std::vector<std::string> BodyFields::required_choices(std::size_t field,
                                                      std::span<const std::string> choices) {
  if (!expect(field, json::Kind::array, "Input should be a valid list", "list_type")) return {};
  std::vector<std::string> values;
  for (json::Element& element : json::elements(member(field).text, kMostChoices + 1)) {
    const std::string place = in_body(names_[field], values.size());
    if (values.size() == kMostChoices) {
      mistake(field, "List should have at most " + std::to_string(kMostChoices) + " items",
              "too_long");
    } else if (!element.is_string) {
      mistakes_.add(place, "Input should be a valid string", "string_type");
    } else if (std::find(choices.begin(), choices.end(), element.text) == choices.end()) {
      mistakes_.add(place, "Input should be " + listed(choices), "enum");
    }
    values.push_back(std::move(element.text));
  }
  if (values.empty()) mistake(field, "List should have at least 1 item", "too_short");
  return values;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
