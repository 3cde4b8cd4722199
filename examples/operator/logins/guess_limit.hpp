#pragma once

/// \file
/// How many tokens of an address may prove wrong. Internal.

#include <vx11/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace backend {

/// A limit of failures that counts what is being judged as if it will fail, so that guesses at the
/// same time do not exceed it. A rate limiter cannot: it takes no permit back.
///
/// **Thread-safe.** Of too many addresses, the one with the fewest failures is forgotten.
class GuessLimit {
 public:
  /// \param failures within `period`, as many at once
  GuessLimit(std::uint32_t failures, vx11::Duration period, std::size_t most,
             vx11::SteadyClock clock);
  GuessLimit(const GuessLimit&) = delete;
  GuessLimit& operator=(const GuessLimit&) = delete;

  /// \return zero: the guess may be judged, and `end` is to be called; else how long to wait
  vx11::Duration begin(const std::string& address);
  void end(const std::string& address, bool was_wrong) noexcept;

 private:
  struct Entry {
    vx11::TimePoint clear_at = {};  ///< When its failures are forgotten.
    std::uint32_t judged = 0;       ///< At the moment.
  };

  vx11::Duration debt_of(const Entry& entry) const noexcept;
  void make_room();

  const std::uint32_t failures_;
  const vx11::Duration each_;  ///< After which one failure is forgotten.
  const std::size_t most_;
  const vx11::SteadyClock clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ = {};
};

/// One token that is being judged.
class Guess {
 public:
  explicit Guess(GuessLimit& limit) noexcept : limit_(limit) {}
  Guess(const Guess&) = delete;
  Guess& operator=(const Guess&) = delete;
  ~Guess() {
    if (is_begun_) limit_.end(address_, is_wrong);
  }
  /// Once. \return as `GuessLimit::begin`
  vx11::Duration begin(const std::string& address) {
    address_ = address;
    const vx11::Duration wait = limit_.begin(address_);
    is_begun_ = wait == vx11::Duration::zero();
    return wait;
  }

  bool is_wrong = false;

 private:
  GuessLimit& limit_;
  std::string address_ = {};
  bool is_begun_ = false;
};

}  // namespace backend
