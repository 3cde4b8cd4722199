#include "json_text.hpp"

#include <cstddef>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace upstream {

using nlohmann::json;

namespace {

/// SAX handler: keeps the wanted members of the outermost object and skips the rest.
class ChatReader final : public nlohmann::json_sax<json> {
 public:
  ChatReader(std::string_view text_key, std::string_view extras_key, ChatBody& chat)
      : text_key_(text_key), extras_key_(extras_key), chat_(chat) {}

  /// Empty if the body is valid.
  std::string complaint() const {
    if (!well_formed_) return unprocessable("", "JSON decode error", "json_invalid");
    if (!object_) return unprocessable("", "Input should be an object", "model_attributes_type");
    if (wrong_text_) return unprocessable(text_key_, "Input should be a string", "string_type");
    if (!has_text_) return unprocessable(text_key_, "Field required", "missing");
    if (wrong_id_) return unprocessable("session_id", "Input should be a string", "string_type");
    if (wrong_extras_) return unprocessable(extras_key_, "Input should be an object", "dict_type");
    return {};
  }

  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    member_ = name == text_key_      ? Member::text
              : name == "session_id" ? Member::session_id
              : name == extras_key_  ? Member::extras
                                     : Member::other;
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ != 1) return true;
    if (member_ == Member::text) {
      chat_.text = std::move(value);
      has_text_ = true;
    } else if (member_ == Member::session_id) {
      chat_.session_id = std::move(value);
    } else {
      wrong_extras_ |= member_ == Member::extras;
    }
    return true;
  }
  bool start_object(std::size_t) override {
    if (depth_ == 0) object_ = true;
    if (depth_ == 1 && member_ != Member::extras) wrong_value();
    ++depth_;
    return true;
  }
  bool start_array(std::size_t) override {
    wrong_value();
    ++depth_;
    return true;
  }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool null() override {
    if (depth_ == 1) wrong_text_ |= member_ == Member::text;
    return true;
  }
  bool boolean(bool) override { return wrong_value(); }
  bool number_integer(number_integer_t) override { return wrong_value(); }
  bool number_unsigned(number_unsigned_t) override { return wrong_value(); }
  bool number_float(number_float_t, const string_t&) override { return wrong_value(); }
  bool binary(binary_t&) override { return wrong_value(); }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    well_formed_ = false;
    return false;
  }

 private:
  enum class Member { other, text, session_id, extras };

  bool leave() {
    --depth_;
    return true;
  }
  bool wrong_value() {
    if (depth_ != 1) return true;
    wrong_text_ |= member_ == Member::text;
    wrong_id_ |= member_ == Member::session_id;
    wrong_extras_ |= member_ == Member::extras;
    return true;
  }

  std::string_view text_key_;
  std::string_view extras_key_;
  ChatBody& chat_;
  int depth_ = 0;
  Member member_ = Member::other;
  bool well_formed_ = true;
  bool object_ = false;
  bool has_text_ = false;
  bool wrong_text_ = false;
  bool wrong_id_ = false;
  bool wrong_extras_ = false;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // start of the part not copied yet
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, at - plain);
    plain = at + 1;
    if (c < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else {
      out += '\\';
      out += text[at];
    }
  }
  out.append(text, plain);
  out += '"';
}

std::optional<std::string> read_chat(std::string_view body, std::string_view text_key,
                                     std::string_view extras_key, ChatBody& chat) {
  ChatReader reader(text_key, extras_key, chat);
  json::sax_parse(body.begin(), body.end(), &reader);
  auto complaint = reader.complaint();
  if (complaint.empty()) return std::nullopt;
  return complaint;
}

std::string unprocessable(std::string_view member, std::string_view message,
                          std::string_view type) {
  json where = {"body"};
  if (!member.empty()) where.push_back(member);
  const json detail = {{"loc", std::move(where)}, {"msg", message}, {"type", type}};
  return json{{"detail", json::array({detail})}}.dump();
}

}  // namespace upstream
