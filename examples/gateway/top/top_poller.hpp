#pragma once

/// \file
/// Reads a gateway again and again, on a thread of its own.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "gateway/top/top_options.hpp"
#include "gateway/top/top_source.hpp"

namespace gateway {

/// The newest readings. Thread-safe.
class TopPoller {
 public:
  /// What is known now. The samples are null before the first and the second reading.
  struct State {
    std::shared_ptr<const TopSample> before = {};
    std::shared_ptr<const TopSample> now = {};
    std::string error = {};  ///< Of the last reading; empty if it was good.

    /// Whether nothing has been read between the two: samples are the same objects.
    friend bool operator==(const State&, const State&) = default;
  };

  TopPoller(TopSource source, vx11::Duration interval);
  TopPoller(const TopPoller&) = delete;
  TopPoller& operator=(const TopPoller&) = delete;

  State state() const;
  /// Keeps the state as it is, for who wants to read it.
  void pause(bool is_paused);

 private:
  void run(const std::stop_token& stop);
  void keep(vx11::Result<TopSample> read);

  const TopSource source_;
  const vx11::Duration interval_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  State state_ = {};
  bool is_paused_ = false;
  std::jthread thread_;  ///< Last: it uses all of these.
};

}  // namespace gateway
