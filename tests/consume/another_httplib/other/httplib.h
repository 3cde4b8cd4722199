// Stands in for a version of cpp-httplib that has nothing in common with any real one: the same names,
// other layouts.
#pragma once

#include <string>

#define CPPHTTPLIB_VERSION "99.0.0"

namespace httplib {

struct Request {
  char padding[4096] = {};
  std::string path = "/mine";
};

class Server {
 public:
  virtual ~Server() = default;
  virtual int answer(const Request& request) { return static_cast<int>(request.path.size()); }
};

}  // namespace httplib
