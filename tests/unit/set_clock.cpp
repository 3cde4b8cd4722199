// Preloaded into a redis-server by a test: the time of day is what the file named by
// VX11_TEST_CLOCK holds, microseconds since 1970 as a 64-bit number, and the machine's own while
// that is zero. Redis reads it by gettimeofday and time; its timers use the monotonic clock.

#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

const volatile std::int64_t* map_clock() {
  const char* const path = std::getenv("VX11_TEST_CLOCK");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* const page = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return page == MAP_FAILED ? nullptr : static_cast<const volatile std::int64_t*>(page);
}

const volatile std::int64_t* const now_us = map_clock();

}  // namespace

extern "C" int gettimeofday(timeval* to, void* zone) noexcept {
  const std::int64_t now = now_us == nullptr ? 0 : *now_us;
  if (now == 0) {
    using TimeOfDay = int (*)(timeval*, void*);
    return reinterpret_cast<TimeOfDay>(dlsym(RTLD_NEXT, "gettimeofday"))(to, zone);
  }
  to->tv_sec = now / 1'000'000;
  to->tv_usec = now % 1'000'000;
  return 0;
}

extern "C" std::time_t time(std::time_t* to) noexcept {
  timeval now = {};
  gettimeofday(&now, nullptr);
  if (to != nullptr) *to = now.tv_sec;
  return now.tv_sec;
}
