#pragma once

/// \file
/// `EmbeddedMadre`: madre as a function, for a gateway without a madre to call.

#include <vx11/deadline.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace gateway {

/// Responds in madre's format: its policy is solo_madre, it opens no window and starts no service,
/// and its chat replies that no model has read the message.
///
/// The handler of a `vx11::InProcessTransport`. **Thread-safe**; immutable.
class EmbeddedMadre {
 public:
  /// Whether a redis runs beside the gateway.
  enum class Redis : std::uint8_t { runs, absent };

  explicit EmbeddedMadre(Redis redis);

  vx11::Result<vx11::HttpResponse> operator()(const vx11::HttpRequest& request,
                                              const vx11::Deadline& deadline) const;

 private:
  using Services = std::vector<std::string>;

  std::string power_state() const;
  std::string power_status() const;
  std::string policy_status() const;

  Services running_;
  Services asleep_;
};

}  // namespace gateway
