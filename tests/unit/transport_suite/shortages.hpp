#pragma once

/// \file
/// The transport suite: this process runs out of descriptors.

#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "transport_suite/helpers.hpp"

namespace transport_suite_parts {

/// For its lifetime, this process can open no further descriptor.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptorLeft(const NoDescriptorLeft&) = delete;
  NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;
  ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_ = {};
};

inline void reports_shortages(const MakeTransport& make) {
  const auto counters = std::make_shared<vx11::TransportCounters>();
  const auto transport = make({.counters = counters});
  FakeHttpServer server(answer_of("ok", "200 OK", "Connection: close\r\n"));

  SUBCASE("without descriptors a call is exhausted, which charges no upstream") {
    CHECK(get(*transport, server.origin()));
    {
      const NoDescriptorLeft none;
      CHECK(code_of(get(*transport, server.origin())) == Errc::exhausted);
      CHECK(code_of(get(*transport, "http://localhost:1")) == Errc::exhausted);
      CHECK(counters->exhausted == 2);
    }
    CHECK(get(*transport, server.origin()));
  }
  SUBCASE("so is the first call of a transport, which then works") {
    {
      const NoDescriptorLeft none;
      CHECK(code_of(get(*transport, server.origin())) == Errc::exhausted);
    }
    CHECK(get(*transport, server.origin()));
  }
}

}  // namespace transport_suite_parts
