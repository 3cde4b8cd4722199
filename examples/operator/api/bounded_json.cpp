#include "operator/api/bounded_json.hpp"

#include <algorithm>
#include <utility>

namespace backend {

namespace {

constexpr std::size_t kMaxDepth = 64;

/// Whether brackets outside of strings nest at most `kMaxDepth` levels.
bool is_shallow(std::string_view text) noexcept {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return false;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return true;
}

/// Whether the byte continues a character of UTF-8.
bool continues(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

std::optional<nlohmann::json> parse_bounded(std::string_view text) {
  if (!is_shallow(text)) return std::nullopt;
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json kNone;
  if (!object.is_object()) return kNone;
  const auto at = object.find(name);
  return at == object.end() ? kNone : *at;
}

std::string text_member(const nlohmann::json& object, const char* name,
                        std::string_view otherwise) {
  const nlohmann::json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string(otherwise);
}

std::string bounded_text(std::string_view text, std::size_t most) {
  std::size_t size = std::min(text.size(), most);
  if (size < text.size()) {
    while (size > 0 && continues(text[size])) --size;
  }
  const nlohmann::json cut = std::string(text.substr(0, size));
  const std::string quoted = cut.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(quoted).get<std::string>();
}

}  // namespace backend
