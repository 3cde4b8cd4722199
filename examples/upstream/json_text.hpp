#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upstream {

/// Appends `text` as a quoted JSON string. `text` must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// The members of a chat request that the response needs.
struct ChatBody {
  std::string text = {};
  std::optional<std::string> session_id = {};
};

/// Reads a chat request with its text at `text_key` and an optional object at `extras_key`. Builds
/// no tree, since it runs once per benchmarked request.
/// \return the body of the 422 response if the request is invalid
std::optional<std::string> read_chat(std::string_view body, std::string_view text_key,
                                     std::string_view extras_key, ChatBody& chat);

/// The body of a 422 response that names the invalid member.
std::string unprocessable(std::string_view member, std::string_view message, std::string_view type);

}  // namespace upstream
