#include "operator/kept_command.hpp"

#include <string>
#include <utility>

#include "power/reply.hpp"
#include "threads/single_flight.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

using Commands = SingleFlight<Result<MadreReply>>;

Task<Result<MadreReply>> run(std::shared_ptr<KeptCommand> command, Deadline deadline) {
  Task<Result<MadreReply>> sending = command->send(*command->power, std::move(deadline));
  Result<MadreReply> reply = co_await std::move(sending);
  if (command->window) command->in_progress.opened(*command->window, reply);
  command->in_progress = PowerGovernor::Command();
  co_return std::move(reply);
}

}  // namespace

Task<Result<MadreReply>> send_kept(std::shared_ptr<KeptCommand> command, SteadyClock clock,
                                   Deadline deadline) {
  const bool is_over = deadline.cancelled() || deadline.passed(clock.now());
  if (is_over || command->power->blocks()) {
    Task<Result<MadreReply>> running = run(std::move(command), std::move(deadline));
    co_return co_await std::move(running);
  }
  const auto begin = [command](const std::stop_token& /*callers_left*/) {
    return run(command, Deadline());
  };
  auto running = Commands::run_alone(std::make_shared<Commands>(clock), begin, deadline);
  const std::shared_ptr<const Result<MadreReply>> reply = co_await std::move(running);
  if (reply) co_return *reply;
  if (deadline.cancelled()) {
    co_return fail(Errc::cancelled, "the caller went away", "madre");
  }
  co_return MadreReply(504, std::string(kPendingJson));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
