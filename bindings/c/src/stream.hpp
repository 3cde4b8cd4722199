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
  vx11_stream(std::stop_source closing, vx11::ChatStream stream);

  /// Calls `take` with the pieces that have arrived, one at least; with none at the end. If `take`
  /// throws, the pieces are lost and the stream has ended early. Throws `Misuse` while another call
  /// reads.
  vx11::Result<void> read(std::int64_t timeout_ms, const std::stop_token& stop,
                          const std::function<void(const Pieces&)>& take);
  /// Calls `deliver` for each piece, until the end or until it returns false or the stream is
  /// closed, both of which are `cancelled`. Throws `Misuse` while another call reads.
  vx11::Result<void> each(std::int64_t timeout_ms, const std::stop_token& stop,
                          const std::function<bool(const vx11::ChatPiece&)>& deliver);
  /// The state as JSON: as it was opened, or after the end.
  std::string summary();

  /// Cancels a read in progress. Waits for a `deliver` in progress on another thread, and none
  /// begins afterwards.
  void close();

 private:
  class Reading;

  vx11::Result<Pieces> next(std::int64_t timeout_ms, const std::stop_token& stop);
  vx11::Result<Pieces> read_more(std::int64_t timeout_ms);
  void hand_over(const std::function<void()>& take);
  bool deliver_one(const std::function<bool(const vx11::ChatPiece&)>& deliver,
                   const vx11::ChatPiece& piece);
  vx11::Error ended_by_caller();
  vx11::Error described(vx11::Error error) const;
  std::string described_state(bool complete);
  void publish(std::string summary);

  std::stop_source closing_;
  std::atomic<bool> in_use_{false};
  vx11::ChatStream stream_;
  std::size_t pieces_ = 0;  ///< Read so far.
  bool ended_ = false;
  std::optional<vx11::Error> broken_;  ///< Why it ended early.
  std::mutex publishing_;
  std::string summary_;              ///< Apart from the stream, so that no read keeps it waiting.
  std::recursive_mutex delivering_;  ///< Recursive: a callback may close the stream.
  bool closed_ = false;
};
