#include "net/server/signals.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

constexpr std::array<int, 2> kSignals = {SIGINT, SIGTERM};
constexpr char kSignal = 's';
constexpr char kEnd = 'e';

/// Never closed: a handler may be writing to it on another thread at any time.
std::array<int, 2> wake_pipe = {-1, -1};

void write_byte(char byte) noexcept {
  while (::write(wake_pipe[1], &byte, 1) < 0 && errno == EINTR) {
  }
}

/// A full pipe drops signals, but it holds far more than are pending in practice.
void on_signal(int /*signal*/) noexcept {
  const int before = errno;
  write_byte(kSignal);
  errno = before;
}

void open_wake_pipe() {
  if (wake_pipe[0] >= 0) return;
  if (::pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
}

/// \return the next byte, or nul if there is none
char read_byte() noexcept {
  char byte = 0;
  return ::read(wake_pipe[0], &byte, 1) == 1 ? byte : '\0';
}

}  // namespace

/// Passes signals from the handler to the subscribers; runs while there are any.
class SignalThread {
 public:
  void add(TerminationSignals& waiting) {
    const std::lock_guard one_at_a_time(starting_);
    if (!thread_.joinable()) start();
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&waiting);
  }

  void remove(TerminationSignals& waiting) {
    const std::lock_guard one_at_a_time(starting_);
    std::unique_lock lock(mutex_);
    std::erase(waiting_, &waiting);
    if (!waiting_.empty()) return;
    lock.unlock();
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      ::sigaction(kSignals[i], &before_[i], nullptr);
    write_byte(kEnd);
    thread_.join();
  }

 private:
  void start() {
    open_wake_pipe();
    while (read_byte() != '\0') {  // from a handler still running when the last one ended
    }
    thread_ = std::thread([this] { run(); });
    struct sigaction action = {};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      ::sigaction(kSignals[i], &action, &before_[i]);
  }

  void run() {
    for (char byte = '\0'; byte != kEnd; byte = read_byte()) {
      if (byte == kSignal) dispatch();
      pollfd readable = {wake_pipe[0], POLLIN, 0};
      ::poll(&readable, 1, -1);
    }
  }

  void dispatch() {
    const std::lock_guard lock(mutex_);
    for (TerminationSignals* const waiting : waiting_) waiting->on_signal_();
  }

  std::mutex starting_;  ///< Held while the thread starts or ends.
  std::mutex mutex_;     ///< Guards `waiting_`.
  std::vector<TerminationSignals*> waiting_;
  std::array<struct sigaction, kSignals.size()> before_ = {};
  std::thread thread_;
};

namespace {

SignalThread& signal_thread() {
  static SignalThread thread;
  return thread;
}

}  // namespace

TerminationSignals::TerminationSignals(std::function<void()> on_signal)
    : on_signal_(std::move(on_signal)) {
  signal_thread().add(*this);
}

TerminationSignals::~TerminationSignals() {
  signal_thread().remove(*this);
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
