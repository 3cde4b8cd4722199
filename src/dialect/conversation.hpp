#pragma once

/// \file
/// What dialects with messages share. Internal.

#include <vx11/chat.hpp>
#include <vx11/detail/mistakes.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// The newest messages whose texts fit into `tokens`, estimated as 4 bytes each.
std::span<const ChatMessage> newest(const std::vector<ChatMessage>& history,
                                    std::size_t tokens) noexcept;

/// Whether a member is there and not null.
bool is_given(const json::Member& member) noexcept;

/// Whether `text` has nothing but whitespace.
bool is_blank(std::string_view text) noexcept;

/// Notes a hint that is left out, once.
void ignore(std::vector<std::string>& ignored, std::string_view name);

/// Looks at members that have no counterpart: hints go to `ignored` as `list.name`; null, false and
/// what is empty ask for nothing.
/// \param rest an object, JSON without whitespace between tokens
/// \return the name of the first other member; empty if there is none
std::string unread_member(std::string_view rest, std::string_view list,
                          std::vector<std::string>& ignored);

/// A POST of JSON.
/// \param stream_type the media type of a stream
HttpRequest post_json(std::string path, AnswerForm form, std::string_view stream_type);

/// Checks the option `extra_json` and brings it into the form that `Writer::members_of` needs.
/// \param written the members that it must not have
void settle_extra(std::string& extra, std::span<const std::string_view> written,
                  detail::Mistakes& mistakes);

/// Whether `path` can stand in a request line: empty, or a `/` and visible ASCII.
bool is_path(std::string_view path) noexcept;

/// The path of an endpoint below a base path, whose query and slashes at the end are not part of
/// it: `/v1/?a=b` and `/chat` make `/v1/chat?a=b`.
std::string joined_path(std::string_view base, std::string_view endpoint);

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
