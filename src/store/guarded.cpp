#include <vx11/store/guarded.hpp>

#include <atomic>
#include <utility>

#include "store/guarded_call.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

CircuitBreakerOptions breaker_of(const GuardedStoreOptions& options, const char* name) {
  CircuitBreakerOptions breaker = options.breaker;
  breaker.name = name;
  if (!breaker.events) breaker.events = options.events;
  return breaker;
}

}  // namespace

struct GuardedSessionStore::State {
  State(std::shared_ptr<SessionStore> store, GuardedStoreOptions options)
      : inner(std::move(store)),
        timeout(options.timeout),
        timer(std::move(options.timer)),
        events(options.events),
        reading(breaker_of(options, "session_read"), options.clock),
        writing(breaker_of(options, "session_write"), options.clock),
        clock(options.clock) {}

  const std::shared_ptr<SessionStore> inner;
  const Duration timeout;
  const std::shared_ptr<Timer> timer;
  const SharedEvents events;
  CircuitBreaker reading;
  CircuitBreaker writing;
  std::atomic<std::uint64_t> timed_out = 0;
  std::atomic<std::uint64_t> reads_under_way = 0;
  std::atomic<std::uint64_t> writes_under_way = 0;
  const SteadyClock clock;
  MetricHistogram read_times{request_time_bounds(), kTimeSteps};
  MetricHistogram write_times{request_time_bounds(), kTimeSteps};
};

namespace {

/// Counts an operation as under way as long as it exists.
class UnderWay {
 public:
  explicit UnderWay(std::atomic<std::uint64_t>& count) noexcept : count_(&count) {
    count_->fetch_add(1, std::memory_order_relaxed);
  }
  UnderWay(UnderWay&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  UnderWay& operator=(UnderWay&&) = delete;
  ~UnderWay() {
    if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t>* count_;
};

/// Records the end of an operation. Keeps what the operation uses alive: the store, and the
/// question of a summary.
template <class State>
struct RecordVerdict {
  std::shared_ptr<State> state;
  CircuitBreaker::Permit permit;
  std::string_view operation;  ///< The breaker's name, which `state` keeps.
  std::shared_ptr<const std::string> question;
  UnderWay under_way;  ///< Counted in `state`.

  void operator()(bool in_time, detail::StoreVerdict verdict, Errc error = Errc::storage) {
    if (!in_time) {
      state->timed_out.fetch_add(1, std::memory_order_relaxed);
      state->events(
          Event{.kind = EventKind::store_timed_out, .name = operation, .duration = state->timeout});
    } else if (verdict == detail::StoreVerdict::fails) {
      state->events(
          Event{.kind = EventKind::store_failed, .name = operation, .detail = to_string(error)});
    }
    if (verdict == detail::StoreVerdict::works) permit.success();
    if (verdict == detail::StoreVerdict::fails) permit.failure();
    if (verdict == detail::StoreVerdict::unknown) permit.neutral();
  }
};

template <class T, class State>
Task<Result<T>> wait_for(std::shared_ptr<detail::GuardedCall<T, RecordVerdict<State>>> call,
                         std::shared_ptr<State> state, MetricHistogram State::*times) {
  const TimePoint since = state->clock.now();
  auto waiting = call->wait(state->timer.get(), state->timeout);
  co_await waiting;
  (state.get()->*times).count_time(state->clock.now() - since);
  std::optional<Result<T>> result = call->take();
  if (!result) co_return fail(Errc::storage, "the session store did not answer in time");
  co_return *std::move(result);
}

/// What is ready costs neither a frame nor an alarm.
template <class T, class State, class Begin>
Task<Result<T>> guarded(const std::shared_ptr<State>& state, CircuitBreaker& breaker,
                        std::shared_ptr<const std::string> question, const Begin& begin) {
  const bool reads = &breaker == &state->reading;
  const auto times = reads ? &State::read_times : &State::write_times;
  auto permit = breaker.try_acquire();
  if (!permit) {
    state->events(Event{.kind = EventKind::store_left_out,
                        .name = breaker.options().name,
                        .duration = permit.error().retry_after});
    return Result<T>(fail(Errc::storage, "the session store is left out after failures"));
  }
  Task<Result<T>> call = begin(*state->inner);
  RecordVerdict<State> record{state, *std::move(permit), breaker.options().name,
                              std::move(question),
                              UnderWay(reads ? state->reads_under_way : state->writes_under_way)};
  const auto awaiter = std::move(call).operator co_await();
  if (awaiter.await_ready()) {
    Result<T> result = detail::TaskAccess::take(call);
    record(true, detail::verdict_of(result), detail::error_of(result));
    (state.get()->*times).count(0);
    return result;
  }
  return wait_for<T>(std::make_shared<detail::GuardedCall<T, RecordVerdict<State>>>(
                         std::move(call), std::move(record)),
                     state, times);
}

}  // namespace

GuardedSessionStore::GuardedSessionStore(std::shared_ptr<SessionStore> inner,
                                         GuardedStoreOptions options)
    : state_(std::make_shared<State>(std::move(inner), std::move(options))) {}

GuardedSessionStore::~GuardedSessionStore() = default;

Task<Result<std::vector<Message>>> GuardedSessionStore::recent(std::string id, std::size_t count) {
  return guarded<std::vector<Message>>(state_, state_->reading, nullptr, [&](SessionStore& store) {
    return store.recent(std::move(id), count);
  });
}

Task<Result<std::optional<Session>>> GuardedSessionStore::find(std::string id) {
  return guarded<std::optional<Session>>(
      state_, state_->reading, nullptr,
      [&](SessionStore& store) { return store.find(std::move(id)); });
}

/// The caller keeps the question only as long as it waits.
Task<Result<std::string>> GuardedSessionStore::summary(std::string id, std::string_view question) {
  auto kept = std::make_shared<const std::string>(question);
  const std::string_view asked = *kept;
  return guarded<std::string>(state_, state_->reading, std::move(kept), [&](SessionStore& store) {
    return store.summary(std::move(id), asked);
  });
}

Task<Result<void>> GuardedSessionStore::append(std::string id, std::string user_id, Turn turn) {
  return guarded<void>(state_, state_->writing, nullptr, [&](SessionStore& store) {
    return store.append(std::move(id), std::move(user_id), std::move(turn));
  });
}

Task<Result<bool>> GuardedSessionStore::erase(std::string id) {
  return guarded<bool>(state_, state_->writing, nullptr,
                       [&](SessionStore& store) { return store.erase(std::move(id)); });
}

const CircuitBreaker& GuardedSessionStore::reading() const noexcept {
  return state_->reading;
}

const CircuitBreaker& GuardedSessionStore::writing() const noexcept {
  return state_->writing;
}

SessionFigures GuardedSessionStore::figures() const {
  return state_->inner->figures();
}

const MetricHistogram& GuardedSessionStore::read_times() const noexcept {
  return state_->read_times;
}

const MetricHistogram& GuardedSessionStore::write_times() const noexcept {
  return state_->write_times;
}

std::uint64_t GuardedSessionStore::reads_under_way() const noexcept {
  return state_->reads_under_way.load(std::memory_order_relaxed);
}

std::uint64_t GuardedSessionStore::writes_under_way() const noexcept {
  return state_->writes_under_way.load(std::memory_order_relaxed);
}

std::uint64_t GuardedSessionStore::timed_out() const noexcept {
  return state_->timed_out.load(std::memory_order_relaxed);
}

}  // namespace v0
}  // namespace vx11
