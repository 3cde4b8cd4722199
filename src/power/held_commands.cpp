#include "power/held_commands.hpp"

#include <utility>

#include "power/reply.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Reply = HeldCommand::Reply;

Task<Reply> hold(std::shared_ptr<HeldCommand> command, Deadline deadline) {
  Task<Reply> sending = command->send(std::move(deadline));
  Reply reply = co_await std::move(sending);
  if (command->window) command->slot->opened(*command->window, reply);
  *command->slot = PowerGovernor::Command();
  co_return std::move(reply);
}

}  // namespace

Task<Reply> HeldCommands::run(HeldCommand command, bool blocks, Deadline deadline) const {
  auto held = std::make_shared<HeldCommand>(std::move(command));
  if (blocks || deadline.cancelled() || deadline.passed(clock_.now())) {
    Task<Reply> holding = hold(std::move(held), std::move(deadline));
    co_return co_await std::move(holding);
  }
  const auto begin = [held](const std::stop_token& /*callers_left*/) {
    return hold(held, Deadline());
  };
  auto holding = Running::run_alone(running_, begin, deadline);
  const std::shared_ptr<const Reply> reply = co_await std::move(holding);
  if (reply) co_return *reply;
  if (deadline.cancelled()) co_return fail(Errc::cancelled, "the caller went away", "madre");
  co_return pending_reply();
}

}  // namespace v0
}  // namespace vx11
