#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "http.hpp"

namespace upstream {

/// The requests of one service: counters and the last request. Thread-safe.
class Journal {
 public:
  struct Counts {
    std::uint64_t total = 0;
    std::uint64_t connections = 0;  ///< accepted
    std::uint64_t open = 0;         ///< currently open
    std::uint64_t abandoned = 0;    ///< requests whose client disconnected too early
    std::map<std::string, std::uint64_t> requests = {};  ///< by "METHOD /path"
  };
  struct Last {
    std::string head = {};  ///< as received; empty before the first request
    std::string body = {};
  };

  void connected();
  void disconnected();
  void abandoned();
  void note(const Request& request);
  /// Resets the counters and the last request. Open connections stay counted.
  void reset();

  Counts counts() const;
  Last last() const;

 private:
  mutable std::mutex mutex_;
  Counts counts_;
  Last last_;
  std::string key_;  // reused for its capacity
};

/// The journals of all services.
struct Ledger {
  Journal madre;
  Journal switch_;
  Journal models;
  Journal hormiguero;
  Journal control;  ///< not reported: control requests are not counted

  /// The body of GET /__count.
  std::string counts() const;
  /// The body of GET /__last.
  std::string last() const;
  void reset();
};

}  // namespace upstream
