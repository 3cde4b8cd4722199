#include "fields.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "json/representable.hpp"

namespace vx11::c {

struct Fields::Root {
  Json json = {};
  std::string mistakes = {};
};

namespace {

/// As deep as the library reads JSON elsewhere.
constexpr int kMostDepth = 64;

/// Stops, and says so, where the text nests too deep. Numbers beyond double and lone surrogates are
/// replaced: an upstream may send them in members that are not read.
nlohmann::json parsed(std::string_view text, bool& too_deep) {
  const auto shallow = [&](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    too_deep = too_deep || depth > kMostDepth;
    return !too_deep;
  };
  nlohmann::json value = nlohmann::json::parse(text, shallow, false);
  if (!value.is_discarded() || too_deep) return value;
  return nlohmann::json::parse(json::representable(text), shallow, false);
}

}  // namespace

nlohmann::json parsed_shallow(std::string_view text) {
  bool too_deep = false;
  nlohmann::json value = parsed(text, too_deep);
  return too_deep ? nlohmann::json(nlohmann::json::value_t::discarded) : value;
}

Fields::Fields(const char* text) : root_(std::make_shared<Root>()), json_(&root_->json) {
  if (text == nullptr || *text == '\0') text = "{}";
  bool too_deep = false;
  root_->json = parsed(text, too_deep);
  if (root_->json.is_object() && !too_deep) return;
  root_->json = Json::object();
  root_->mistakes = too_deep ? "the description is nested deeper than 64"
                             : "the description is not a JSON object";
}

Fields::Fields(std::shared_ptr<Root> root, const Json* json, std::string where)
    : root_(std::move(root)), json_(json), where_(std::move(where)) {}

const Fields::Json* Fields::take(const char* name) {
  taken_.insert(name);
  const auto found = json_->find(name);
  return found == json_->end() ? nullptr : &*found;
}

void Fields::mistake(const char* name, const char* what) {
  std::string& all = root_->mistakes;
  if (!all.empty()) all += "; ";
  all += where_ + name + " " + what;
}

void Fields::read(const char* name, std::string& value) {
  const Json* field = take(name);
  if (field == nullptr) return;
  if (!field->is_string()) return mistake(name, "is not text");
  value = field->get<std::string>();
}

void Fields::require(const char* name, std::string& value) {
  if (!has(name)) mistake(name, "is missing");
  read(name, value);
}

void Fields::read(const char* name, bool& value) {
  const Json* field = take(name);
  if (field == nullptr) return;
  if (!field->is_boolean()) return mistake(name, "is neither true nor false");
  value = field->get<bool>();
}

template <class T>
void Fields::read_unsigned(const char* name, T& value) {
  const Json* field = take(name);
  if (field == nullptr) return;
  if (!field->is_number_unsigned() ||
      field->get<std::uint64_t>() > std::uint64_t{std::numeric_limits<T>::max()}) {
    return mistake(name, "is not a whole number in range");
  }
  value = field->get<T>();
}

void Fields::read(const char* name, std::uint16_t& value) {
  read_unsigned(name, value);
}
void Fields::read(const char* name, std::uint32_t& value) {
  read_unsigned(name, value);
}
void Fields::read(const char* name, std::size_t& value) {
  read_unsigned(name, value);
}

void Fields::read(const char* name, double& value) {
  const Json* field = take(name);
  if (field == nullptr) return;
  if (!field->is_number()) return mistake(name, "is not a number");
  value = field->get<double>();
}

void Fields::read(const char* name, std::vector<std::string>& value) {
  const Json* field = take(name);
  if (field == nullptr) return;
  if (!field->is_array()) return mistake(name, "is not a list of texts");
  value.clear();
  for (const Json& item : *field) {
    if (!item.is_string()) return mistake(name, "is not a list of texts");
    value.push_back(item.get<std::string>());
  }
}

void Fields::read(const char* name, std::vector<int>& value) {
  const Json* field = take(name);
  if (field == nullptr) return;
  value.clear();
  const auto fits = [](const Json& item) {
    return item.is_number_unsigned() &&
           item.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<int>::max()};
  };
  if (!field->is_array() || !std::all_of(field->begin(), field->end(), fits)) {
    return mistake(name, "is not a list of whole numbers");
  }
  for (const Json& item : *field) value.push_back(item.get<int>());
}

void Fields::read(const char* name, Headers& value) {
  const Json* field = take(name);
  if (field == nullptr) return;
  if (!field->is_object()) return mistake(name, "is not an object of texts");
  for (const auto& [header, text] : field->items()) {
    if (!text.is_string()) return mistake(name, "is not an object of texts");
    const auto value_text = text.get<std::string>();
    if ((header + value_text).find('\0') != std::string::npos) return mistake(name, "contains NUL");
    value.add(header, value_text);
  }
}

void Fields::read_count(const char* name, double unit_ns, std::chrono::nanoseconds& value) {
  const Json* field = take(name);
  if (field == nullptr) return;
  if (!field->is_number() || field->get<double>() < 0) {
    return mistake(name, "is not a number of at least 0");
  }
  const double count = field->get<double>() * unit_ns;
  const bool forever = count >= static_cast<double>(std::chrono::nanoseconds::max().count());
  value = forever ? std::chrono::nanoseconds::max()
                  : std::chrono::nanoseconds(static_cast<std::int64_t>(count));
}

void Fields::read_ms(const char* name, std::chrono::nanoseconds& value) {
  read_count(name, 1e6, value);
}

void Fields::read_ms(const char* name, const char* old_name, std::chrono::nanoseconds& value) {
  if (!has(old_name)) return read_ms(name, value);
  if (has(name)) mistake(old_name, "is an old name of a field that is given as well");
  read_ms(old_name, value);
  take(name);
}

void Fields::read_ms(const char* name, std::optional<std::chrono::nanoseconds>& value) {
  std::chrono::nanoseconds read = value.value_or(std::chrono::nanoseconds(0));
  const bool is_given = has(name);
  read_ms(name, read);
  if (is_given) value = read;
}

void Fields::read_s(const char* name, std::optional<std::chrono::seconds>& value) {
  if (has(name) && (*json_)[name].is_null()) {
    take(name);
    value.reset();
    return;
  }
  std::chrono::nanoseconds read = value.value_or(std::chrono::seconds(0));
  read_count(name, 1e9, read);
  if (has(name)) value = std::chrono::duration_cast<std::chrono::seconds>(read);
}

void Fields::read_object(const char* name, std::string& json) {
  const Json* field = take(name);
  if (field == nullptr) return;
  if (!field->is_object()) return mistake(name, "is not an object");
  json = field->dump();
}

bool Fields::has(const char* name) const {
  return json_->contains(name);
}

bool Fields::is_object(const char* name) const {
  const auto found = json_->find(name);
  return found != json_->end() && found->is_object();
}

Fields Fields::object(const char* name) {
  static const Json kNone = Json::object();
  const Json* field = take(name);
  if (field != nullptr && !field->is_object()) mistake(name, "is not an object");
  return {root_, field && field->is_object() ? field : &kNone, where_ + name + "."};
}

std::vector<Fields> Fields::objects(const char* name) {
  std::vector<Fields> found;
  const Json* field = take(name);
  if (field == nullptr) return found;
  const auto object = [](const Json& item) { return item.is_object(); };
  if (!field->is_array() || !std::all_of(field->begin(), field->end(), object)) {
    mistake(name, "is not a list of objects");
    return found;
  }
  for (const Json& item : *field) {
    const std::string where = where_ + name + "[" + std::to_string(found.size()) + "].";
    found.push_back(Fields(root_, &item, where));
  }
  return found;
}

void Fields::refuse(const char* name, const char* what) {
  if (!has(name) || taken_.contains(name)) return;
  take(name);
  mistake(name, what);
}

void Fields::end() {
  for (const auto& [name, value] : json_->items()) {
    if (!taken_.contains(name)) mistake(name.c_str(), "is not known");
  }
}

Result<void> Fields::finish() {
  end();
  if (root_->mistakes.empty()) return {};
  return fail(Errc::invalid_argument, root_->mistakes);
}

}  // namespace vx11::c
