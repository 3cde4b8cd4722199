#pragma once

/// \file
/// Keeps the tokens in force equal to their file.

#include <vx11/metric_family.hpp>
#include <vx11/token_file.hpp>

#include <memory>
#include <vector>

#include "gateway/files/watched_file.hpp"

namespace gateway {

/// A token file, and what reads it again.
struct TokenWatch {
  std::shared_ptr<vx11::TokenFile> file = {};
  std::shared_ptr<WatchedFile> watched = {};
};

TokenWatch watch_tokens(std::shared_ptr<vx11::TokenFile> file);

/// Readings of the file, and how many tokens are in force; empty without a file.
std::vector<vx11::MetricFamily> token_metrics(const TokenWatch& tokens);

}  // namespace gateway
