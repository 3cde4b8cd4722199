#pragma once

/// \file
/// Reports who answered a chat to the handlers around. Internal.

#include <vx11/answer_origin.hpp>
#include <vx11/http_handler.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// \param source empty: no target answered
/// \param fallback why the first target did not answer; empty if it did
inline void report_origin(const HttpAdmission& admission, std::string&& source,
                          std::string&& fallback, std::size_t attempts) noexcept {
  AnswerOrigin* const origin = admission.origin();
  if (origin == nullptr) return;
  origin->source = std::move(source);
  origin->fallback = std::move(fallback);
  origin->attempts = attempts;
  origin->is_known = true;
}

/// No target answered.
inline void report_failure(const HttpAdmission& admission, std::size_t attempts) noexcept {
  report_origin(admission, std::string(), std::string(), attempts);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
