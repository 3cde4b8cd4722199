#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

thread_local Home* current_home = nullptr;

}  // namespace

Home* Home::current() noexcept {
  return current_home;
}

Home::Stay::Stay(Home& home) noexcept {
  current_home = &home;
}
Home::Stay::~Stay() {
  current_home = nullptr;
}

}  // namespace v0
}  // namespace vx11
