#pragma once

/// \file
/// Which member of a request to the OpenAI chat API names its session.

namespace vx11 {
inline namespace v0 {

/// Which member of a request ties it to a session.
enum class SessionMember : unsigned char {
  metadata,          ///< `metadata.session_id`.
  metadata_or_user,  ///< The same, else `user`: one session for each user.
};

}  // namespace v0
}  // namespace vx11
