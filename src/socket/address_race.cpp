#include <vx11/socket/detail/address_race.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

/// Starts with the family of the first address.
std::vector<Address> alternately(std::vector<Address> found) {
  const auto like_first = [&](const Address& address) {
    return address.family() == found.front().family();
  };
  std::vector<Address> first;
  std::vector<Address> second;
  std::ranges::partition_copy(found, std::back_inserter(first), std::back_inserter(second),
                              like_first);
  std::vector<Address> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

}  // namespace

AddressRace::AddressRace(std::vector<Address> found) : addresses_(alternately(std::move(found))) {}

const Address* AddressRace::next(TimePoint now) noexcept {
  if (now < due()) return nullptr;
  if (started_ == addresses_.size()) return nullptr;
  due_ = saturated_add(now, kDelay);
  return &addresses_[started_++];
}

TimePoint AddressRace::due() const noexcept {
  return started_ == addresses_.size() ? TimePoint::max() : due_;
}

void AddressRace::failed(int error) noexcept {
  const bool preferred = !is_shortage(error) && is_shortage(first_error_);
  if (failed_++ == 0 || preferred) first_error_ = error;
  due_ = TimePoint::min();
}

std::optional<Error> AddressRace::lost() const {
  if (addresses_.empty()) return Error(Errc::unreachable, "the host name is unknown");
  if (failed_ < addresses_.size()) return std::nullopt;
  return connect_error(first_error_);
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
