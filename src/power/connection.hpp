#pragma once

/// \file
/// How a `PowerStateView` calls madre. Internal.

#include <vx11/power_state_client.hpp>

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

  Connection(std::shared_ptr<Transport> transport, std::string_view origin, PowerOptions options);

  /// Every mistake of the description, in one `invalid_argument`.
  const Result<void>& valid() const noexcept { return valid_; }
  bool blocks() const noexcept { return transport_ == nullptr || transport_->blocks(); }

  /// madre's state: over a transport that suspends, concurrent callers share one call; otherwise
  /// each makes its own.
  static Task<Result<PowerState>> state(Ptr self, Deadline deadline);
  /// Sends one request under the limit and the breaker; any answer but 5xx is a value. A command
  /// supersedes the current state call.
  static Task<Result<HttpResponse>> call(Ptr self, std::string method, std::string path,
                                         std::string json, Deadline deadline);

 private:
  /// madre's answer, and when the request was sent.
  struct StateAnswer {
    StateAnswer(Result<PowerState> state, TimePoint asked_at)
        : state(std::move(state)), asked_at(asked_at) {}
    Result<PowerState> state;
    TimePoint asked_at;
  };
  using StateCalls = SingleFlight<StateAnswer>;
  /// Parses a successful response into a value.
  template <class T>
  using Read = Result<T> (*)(HttpResponse response);

  HttpRequest request(std::string method, std::string path, std::string json) const;
  Result<PowerState> hand_out(const StateAnswer& answer) const;

  template <class T>
  static Task<Result<T>> ask(Ptr self, HttpRequest request, Deadline deadline, Read<T> read);
  static Task<StateAnswer> ask_state(Ptr self, Deadline deadline);
  static Task<Result<PowerState>> state_alone(Ptr self, Deadline deadline);
  static Task<Result<PowerState>> state_shared(Ptr self, Deadline deadline);
  static Task<Result<HttpResponse>> command(Ptr self, HttpRequest request, Deadline deadline);

  const std::shared_ptr<Transport> transport_;
  const std::string origin_;
  const PowerOptions options_;
  const Result<void> valid_;
  const std::shared_ptr<StateCalls> state_calls_;
};

}  // namespace v0
}  // namespace vx11
