#pragma once

/// \file
/// Keeps the keys of JWTs equal to those that the issuer publishes.

#include <vx11/jwks.hpp>
#include <vx11/metric_family.hpp>

#include <memory>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/files/watched_file.hpp"

namespace gateway {

/// A key set, and what reads or fetches it again.
struct KeyWatch {
  std::shared_ptr<vx11::JwksAuthenticator> keys = {};
  std::shared_ptr<WatchedFile> watched = {};

  /// Whether tokens can be verified; true without a key set.
  bool is_ready() const { return keys == nullptr || keys->size() > 0; }
};

KeyWatch watch_keys(std::shared_ptr<vx11::JwksAuthenticator> keys, const JwtConfig& jwt);

/// Readings of the keys, and how many are in force; empty without a key set.
std::vector<vx11::MetricFamily> key_metrics(const KeyWatch& watch);

}  // namespace gateway
