#include "shared_cleaning.hpp"

namespace backend {

std::uint64_t SharedCleaning::note_deletion() {
  const std::lock_guard lock(mutex_);
  return ++deletions_;
}

SharedCleaning::Part SharedCleaning::part_of(std::uint64_t deletion) {
  const std::lock_guard lock(mutex_);
  if (cleaned_ >= deletion) return Part::done;
  if (cleans_ == deletion) return has_begun_ ? Part::next : Part::first;
  if (cleans_ != 0) return Part::waiting;
  cleans_ = deletion;
  covered_ = deletions_;
  has_begun_ = false;
  return Part::first;
}

void SharedCleaning::made_piece(std::uint64_t deletion, bool has_more) {
  const std::lock_guard lock(mutex_);
  if (cleans_ != deletion) return;
  has_begun_ = true;
  if (has_more) return;
  cleaned_ = covered_;
  cleans_ = 0;
}

void SharedCleaning::give_up(std::uint64_t deletion) {
  const std::lock_guard lock(mutex_);
  if (cleans_ == deletion) cleans_ = 0;
}

}  // namespace backend
