#pragma once

/// \file
/// The object behind a `vx11_stream`.

#include <vx11/chat_stream.hpp>
#include <vx11/result.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <vx11.h>

/// A streamed answer that is read by one call at a time. Thread-safe.
struct vx11_stream {
  using Pieces = std::vector<vx11::ChatPiece>;

  /// \param closing ends the upstream's call; the stream was opened with its token
  vx11_stream(std::stop_source closing, vx11::ChatStream stream)
      : closing_(std::move(closing)), stream_(std::move(stream)) {}

  /// The pieces that have arrived, one at least; empty at the end. Throws `Misuse` while another
  /// call reads.
  vx11::Result<Pieces> read(std::int64_t timeout_ms, const std::stop_token& stop);
  /// The state as JSON. Throws `Misuse` while another call reads.
  std::string summary();

  /// Calls `deliver` unless the stream was closed.
  /// \return whether more is to be delivered
  bool deliver(const std::function<bool()>& deliver);
  /// Cancels a read in progress. Waits for a `deliver` in progress on another thread, and none
  /// begins afterwards.
  void close();

 private:
  class Reading;

  vx11::Result<Pieces> read_more(std::int64_t timeout_ms);
  vx11::Error described(vx11::Error error) const;

  std::stop_source closing_;
  std::atomic<bool> in_use_{false};
  vx11::ChatStream stream_;
  std::size_t pieces_ = 0;  ///< Read so far.
  bool ended_ = false;
  std::optional<vx11::Error> broken_;  ///< Why it ended early.
  std::recursive_mutex delivering_;    ///< Recursive: a callback may close the stream.
  bool closed_ = false;
};
