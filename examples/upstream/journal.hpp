#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "http.hpp"

namespace upstream {

/// What one service was asked: counters and the last request. Thread-safe.
class Journal {
 public:
  struct Counts {
    std::uint64_t total = 0;
    std::uint64_t connections = 0;  ///< accepted
    std::uint64_t open = 0;         ///< open now
    std::uint64_t abandoned = 0;    ///< requests whose client left before the whole answer
    std::map<std::string, std::uint64_t> requests = {};  ///< by "METHOD /path"
  };
  struct Last {
    std::string head = {};  ///< as it came; empty when nothing was asked yet
    std::string body = {};
  };

  void connected();
  void disconnected();
  void abandoned();
  void note(const Request& request);
  /// Counters to zero, last request forgotten. Open connections stay counted as open.
  void reset();

  Counts counts() const;
  Last last() const;

 private:
  mutable std::mutex mutex_;
  Counts counts_;
  Last last_;
  std::string key_;  // kept for its memory
};

/// The journals of all services.
struct Ledger {
  Journal madre;
  Journal switch_;
  Journal control;  ///< kept for nobody: control calls are not counted

  /// The answer of GET /__count.
  std::string counts() const;
  /// The answer of GET /__last.
  std::string last() const;
  void reset();
};

}  // namespace upstream
