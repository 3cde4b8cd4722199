#include <vx11/socket/detail/resolver.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

/// How soon a failed look-up is repeated, and how often distrust causes one.
constexpr Duration kRepeatAfter = std::chrono::seconds(1);
/// With more names in the cache, outdated ones are dropped.
constexpr std::size_t kMostNames = 1024;

/// The addresses of one look-up, and until when they are valid.
struct Addresses {
  std::vector<Address> list = {};
  std::optional<Duration> time_to_live = std::nullopt;
};

Result<Addresses> ask_system(const std::string& name) {
  auto found = look_up(name);
  if (!found) return fail(std::move(found.error()));
  return Addresses{.list = *std::move(found)};
}

Result<Addresses> ask(const NameLookup& look_up, const std::string& name) {
  if (!look_up) return ask_system(name);
  const auto found = look_up(name);
  if (!found) return fail(found.error());
  Addresses addresses{.time_to_live = found->time_to_live};
  for (const std::string& text : found->addresses) {
    if (const auto address = Address::parse(text, 0)) addresses.list.push_back(*address);
  }
  return addresses;
}

Result<Addresses> ask_safely(const NameLookup& look_up, const std::string& name) noexcept {
  try {
    return ask(look_up, name);
  } catch (const std::bad_alloc&) {
    return fail(Errc::exhausted);
  } catch (...) {
    return fail(Errc::unavailable);
  }
}

/// The error as callers of a transport see it.
Error reported(Errc code) {
  if (code == Errc::exhausted) return Error(code, "nothing left to look up the host name with");
  if (code == Errc::unreachable) return Error(code, "the host name is unknown");
  return Error(Errc::unreachable, "the host name could not be looked up");
}

}  // namespace

struct Resolver::State : std::enable_shared_from_this<Resolver::State> {
  /// What is known of one name.
  struct Name {
    std::vector<Address> addresses = {};
    TimePoint valid_until = TimePoint::min();
    TimePoint usable_until = TimePoint::min();  ///< Also outdated.
    TimePoint looked_up = TimePoint::min();     ///< When a look-up last ended.
    TimePoint begun = TimePoint::min();         ///< When the look-up was queued.
    bool queued = false;
    bool running = false;
    bool failing = false;  ///< The last look-up failed.
    std::map<std::uint64_t, Done> waiting = {};
  };

  explicit State(ResolverOptions given) : options(std::move(given)) {
    options.concurrent = std::max<std::size_t>(options.concurrent, 1);
  }

  void begin(const std::string& text, Name& name);
  void run() noexcept;
  bool take_next(std::string& text);
  void finish(const std::string& text, Result<Addresses> found);
  void forget_outdated();
  Found learn(Name& name, Result<Addresses> found) const;
  static void notify(Name& name, const Found& found);

  ResolverOptions options;
  mutable std::mutex mutex;
  std::map<std::string, Name> names;
  std::deque<std::string> queue;
  std::size_t threads = 0;
  std::atomic<std::uint64_t> last_number = 0;
  std::uint64_t begun = 0;
};

/// Queues a look-up; a thread takes it. Called under the lock.
void Resolver::State::begin(const std::string& text, Name& name) {
  if (name.queued || name.running) return;
  queue.push_back(text);
  name.queued = true;
  name.begun = options.clock.now();
  if (threads == options.concurrent) return;
  ++threads;
  try {
    std::thread([self = shared_from_this()] { self->run(); }).detach();
  } catch (const std::exception&) {
    if (--threads != 0) return;  // another thread takes it when it is free
    queue.pop_back();
    name.queued = false;
    notify(name, learn(name, fail(Errc::exhausted)));
  }
}

void Resolver::State::run() noexcept {
  for (std::string text; take_next(text);) finish(text, ask_safely(options.look_up, text));
}

/// \return false, once this thread is no longer counted, if nothing is queued
bool Resolver::State::take_next(std::string& text) {
  const std::lock_guard lock(mutex);
  if (queue.empty()) {
    --threads;
    return false;
  }
  text = std::move(queue.front());
  queue.pop_front();
  Name& name = names[text];
  name.queued = false;
  name.running = true;
  ++begun;
  return true;
}

void Resolver::State::finish(const std::string& text, Result<Addresses> found) {
  const std::lock_guard lock(mutex);
  Name& name = names[text];
  name.running = false;
  notify(name, learn(name, std::move(found)));
  if (names.size() > kMostNames) forget_outdated();
}

void Resolver::State::forget_outdated() {
  const TimePoint now = options.clock.now();
  std::erase_if(names, [now](const auto& entry) {
    const Name& name = entry.second;
    return name.waiting.empty() && !name.queued && !name.running && now >= name.valid_until;
  });
}

/// Stores the outcome of a look-up.
/// \return what its callers get
Resolver::Found Resolver::State::learn(Name& name, Result<Addresses> found) const {
  const TimePoint now = options.clock.now();
  name.looked_up = now;
  name.failing = !found && found.error().code != Errc::unreachable;
  if (found) {
    const Duration valid = found->time_to_live.value_or(options.keep);
    name.addresses = std::move(found->list);
    name.valid_until = saturated_add(now, valid);
    name.usable_until = saturated_add(name.valid_until, options.stale_for);
    if (name.addresses.empty()) return fail(reported(Errc::unreachable));
    return name.addresses;
  }
  if (!name.failing) name.addresses.clear();
  if (!name.addresses.empty() && now < name.usable_until) return name.addresses;
  return fail(reported(found.error().code));
}

void Resolver::State::notify(Name& name, const Found& found) {
  for (auto& [number, done] : std::exchange(name.waiting, {})) {
    try {
      done(found);
    } catch (...) {  // out of memory: that caller waits until its deadline
    }
  }
}

/// One registration; removed on destruction.
struct Resolver::Waiting::Place {
  Place(std::shared_ptr<State> of, std::string text, std::uint64_t at)
      : state(std::move(of)), name(std::move(text)), number(at) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    const std::lock_guard lock(state->mutex);
    const auto found = state->names.find(name);
    if (found != state->names.end()) found->second.waiting.erase(number);
  }
  std::shared_ptr<State> state;
  std::string name;
  std::uint64_t number;
};

Resolver::Waiting::Waiting() noexcept = default;
Resolver::Waiting::Waiting(std::unique_ptr<Place> place) noexcept : place_(std::move(place)) {}
Resolver::Waiting::Waiting(Waiting&& other) noexcept = default;
Resolver::Waiting& Resolver::Waiting::operator=(Waiting&& other) noexcept = default;
Resolver::Waiting::~Waiting() = default;

bool Resolver::Waiting::queued() const {
  if (!place_) return false;
  const std::lock_guard lock(place_->state->mutex);
  return place_->state->names[place_->name].queued;
}

Resolver::Resolver(ResolverOptions options) : state_(std::make_shared<State>(std::move(options))) {}
Resolver::~Resolver() = default;

Duration Resolver::patience() const noexcept {
  return state_->options.patience;
}

std::optional<std::vector<Address>> Resolver::known(const std::string& text) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->names.find(text);
  if (found == state_->names.end() || found->second.addresses.empty()) return std::nullopt;
  const State::Name& name = found->second;
  const TimePoint now = state_->options.clock.now();
  if (now < name.valid_until) return name.addresses;
  if (now >= name.usable_until) return std::nullopt;
  const bool failed = name.failing && now < name.looked_up + kRepeatAfter;
  const bool hangs = (name.queued || name.running) && now >= name.begun + state_->options.patience;
  if (failed || hangs) return name.addresses;
  return std::nullopt;
}

Resolver::Waiting Resolver::look_up(const std::string& text, Done done) {
  // Made first, so that it is destroyed after the lock if something below throws.
  auto place = std::make_unique<Waiting::Place>(state_, text, ++state_->last_number);
  const std::lock_guard lock(state_->mutex);
  State::Name& name = state_->names[text];
  name.waiting.emplace(place->number, std::move(done));
  state_->begin(text, name);
  return Waiting(std::move(place));
}

bool Resolver::distrust(const std::string& text) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->names.find(text);
  if (found == state_->names.end()) return false;
  State::Name& name = found->second;
  const TimePoint now = state_->options.clock.now();
  if (name.running || name.queued || now < name.looked_up + kRepeatAfter) return false;
  name.valid_until = TimePoint::min();
  return true;
}

std::uint64_t Resolver::look_ups() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->begun;
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
