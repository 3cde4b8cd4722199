#pragma once

/// \file
/// How a `PowerStateView` calls madre. Internal.

#include <vx11/power_state_client.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "threads/single_flight.hpp"

namespace vx11 {
inline namespace v0 {

/// The connection to madre; shared by every call, so that it outlives the view it was called
/// through.
class PowerStateView::Connection {
 public:
  using Ptr = std::shared_ptr<const Connection>;
  using ReadingPtr = std::shared_ptr<const PowerReading>;

  Connection(std::shared_ptr<Transport> transport, std::string_view origin, PowerOptions options);

  /// Every mistake of the description, in one `invalid_argument`.
  const Result<void>& valid() const noexcept { return valid_; }
  const std::string& power_key() const noexcept { return options_.power_key; }
  bool blocks() const noexcept { return transport_ == nullptr || transport_->blocks(); }

  /// madre's state: over a transport that suspends, concurrent callers share one call; otherwise
  /// each makes its own.
  static Task<Result<PowerState>> state(Ptr self, Deadline deadline);
  static Task<ReadingPtr> reading(Ptr self, Deadline deadline);
  /// Sends one request that reads; any answer but 5xx is a value.
  static Task<Result<HttpResponse>> get(Ptr self, std::string path, Deadline deadline);
  /// Sends one command. Its answer supersedes the current state call.
  static Task<Result<HttpResponse>> post(Ptr self, std::string path, std::string json,
                                         const Headers& headers, Deadline deadline);

 private:
  /// The result of one call, and the HTTP status of its answer; 0 if there was none.
  template <class T>
  struct Asked {
    Asked(Result<T> value, int status) : value(std::move(value)), status(status) {}
    Result<T> value;
    int status;
  };
  using CommandAnswer = Result<HttpResponse>;
  using StateCalls = SingleFlight<PowerReading>;
  using Commands = SingleFlight<CommandAnswer>;
  class Command;
  using CommandPtr = std::shared_ptr<Command>;
  using RequestPtr = std::shared_ptr<const HttpRequest>;
  /// Parses a response into a value. Changes the verdict by its status if it cannot be parsed.
  template <class T>
  using Read = Result<T> (*)(HttpResponse response, WallTime now, Verdict& verdict);

  HttpRequest request(std::string method, std::string path, std::string json) const;

  template <class T>
  static Task<Asked<T>> ask(Ptr self, RequestPtr request, Duration limit, Deadline deadline,
                            Read<T> read);
  static Task<PowerReading> ask_state(Ptr self, Deadline deadline);
  static Task<ReadingPtr> read_alone(Ptr self, Deadline deadline);
  static Task<ReadingPtr> read_shared(Ptr self, Deadline deadline);
  static Task<CommandAnswer> run(Ptr self, CommandPtr command, Duration limit, Deadline deadline);
  static Task<CommandAnswer> run_alone(Ptr self, CommandPtr command, Deadline deadline);
  static Task<CommandAnswer> run_kept(Ptr self, CommandPtr command, Deadline deadline);

  const std::shared_ptr<Transport> transport_;
  const std::string origin_;
  const PowerOptions options_;
  const Result<void> valid_;
  const std::shared_ptr<StateCalls> state_calls_;
  const std::shared_ptr<Commands> commands_;
  mutable std::atomic<int> running_commands_ = 0;
};

}  // namespace v0
}  // namespace vx11
