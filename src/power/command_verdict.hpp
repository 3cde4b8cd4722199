#pragma once

/// \file
/// What became of a command, by madre's answer to it. Internal.

#include <vx11/power_state_client.hpp>

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
  std::size_t failed_steps = 0;
};

CommandVerdict verdict_of(const MadreReply& reply);

/// What a `status` of madre's says, in any case of letters.
enum class StatusWord : std::uint8_t { absent, good, later, plan, bad, unknown };
StatusWord status_word(const json::Member& status) noexcept;

/// Whether an object reports a failure: by an exit code, `ok`, `success`, `status` or an error. One
/// that is no JSON object does not.
bool reports_failure(std::string_view object);

}  // namespace v0
}  // namespace vx11
