#pragma once

/// \file
/// One cleaning for all deletions that wait for it. Internal.

#include <cstdint>
#include <mutex>

namespace backend {

/// Decides which deletion cleans, and which ones wait until it has. A cleaning covers the deletions
/// that were there when it began. So deletions that come together cost two cleanings at most: the
/// one that runs, and another.
///
/// **Thread-safe.**
class SharedCleaning {
 public:
  enum class Part : std::uint8_t {
    done,     ///< A cleaning that began after the deletion has ended.
    first,    ///< The deletion cleans, and begins now.
    next,     ///< It continues.
    waiting,  ///< Another one cleans.
  };

  SharedCleaning() = default;
  SharedCleaning(const SharedCleaning&) = delete;
  SharedCleaning& operator=(const SharedCleaning&) = delete;

  /// \return the number of a deletion that was committed
  std::uint64_t note_deletion();
  Part part_of(std::uint64_t deletion);
  /// A piece was committed by the deletion that cleans.
  void made_piece(std::uint64_t deletion, bool has_more);
  /// The deletion does not clean any more, although there is more to do; another one begins anew.
  void give_up(std::uint64_t deletion);

 private:
  std::mutex mutex_;
  std::uint64_t deletions_ = 0;
  std::uint64_t cleaned_ = 0;  ///< The last deletion of which nothing is left.
  std::uint64_t covered_ = 0;  ///< The last deletion before the cleaning that runs.
  std::uint64_t cleans_ = 0;   ///< The deletion that cleans; 0: none.
  bool has_begun_ = false;
};

}  // namespace backend
