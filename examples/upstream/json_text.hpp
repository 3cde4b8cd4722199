#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upstream {

/// Appends `text` as a JSON string with its quotes. `text` is valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// The members of a chat request that the answer needs.
struct ChatBody {
  std::string text = {};
  std::optional<std::string> session_id = {};
};

/// Reads a chat request whose text is under `text_key` and whose object of extras is under
/// `extras_key`. No tree is built: this runs once per benchmarked request. When the body is wrong,
/// returns the body of the 422 answer that says how.
std::optional<std::string> read_chat(std::string_view body, std::string_view text_key,
                                     std::string_view extras_key, ChatBody& chat);

/// The body of a 422 answer: what is wrong with which member.
std::string unprocessable(std::string_view member, std::string_view message, std::string_view type);

}  // namespace upstream
