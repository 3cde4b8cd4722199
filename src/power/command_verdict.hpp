#pragma once

/// \file
/// What became of a command, by madre's answer to it. Internal.

#include <vx11/power_state_client.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {

enum class CommandOutcome : std::uint8_t {
  done,
  not_done,   ///< It was planned only, refused, or failed, in whole or in part.
  not_known,  ///< She carries it out later, has not answered yet, or uses a word that is unknown.
};

struct CommandVerdict {
  CommandOutcome outcome = CommandOutcome::not_known;
  bool is_plan = false;
  bool is_later = false;  ///< She says that she carries it out later. Then it is not known.
  std::size_t failed_steps = 0;
};

CommandVerdict verdict_of(const MadreReply& reply);

/// A word for logs: `done`, `planned`, `refused` by madre, `failed`, `pending` if she has not
/// answered in time or carries it out later, `unknown` if she may have carried it out.
std::string_view outcome_word(const Result<MadreReply>& reply);

/// Whether a command that failed like this may have reached madre.
bool may_have_arrived(Errc code) noexcept;

/// What a `status` of madre's says, in any case of letters.
enum class StatusWord : std::uint8_t { absent, good, later, plan, bad, unknown };
StatusWord status_word(const json::Member& status) noexcept;

/// Whether an object reports a failure: by an exit code, `ok`, `success`, `status` or an error. One
/// that is no JSON object does not.
bool reports_failure(std::string_view object);

}  // namespace v0
}  // namespace vx11
