#pragma once

/// \file
/// What every store of ephemeral tokens has to do.

#include <vx11/ephemeral_tokens.hpp>
#include <vx11/token_file.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace ephemeral_tokens_suite {

using Store = std::shared_ptr<vx11::EphemeralTokens>;

inline vx11::Result<std::string> issue(const Store& store, std::string principal,
                                       std::string purpose = "events",
                                       std::chrono::seconds lifetime = std::chrono::minutes(1)) {
  return vx11::sync_wait(store->issue(std::move(principal), std::move(purpose), lifetime));
}
/// The principal; `-` for none, `!` for an error.
inline std::string redeem(const Store& store, std::string token, std::string purpose = "events") {
  const auto found = vx11::sync_wait(store->redeem(std::move(token), std::move(purpose)));
  return !found ? "!" : found->value_or("-");
}

/// \param one, other two clients of one set of tokens, which may be the same object
inline void run(const Store& one, const Store& other) {
  const std::string token = issue(one, "alice").value();
  CHECK(vx11::is_token(token));
  CHECK(issue(one, "alice").value() != token);

  CHECK(redeem(other, token, "chat") == "-");  // and it stays valid for its purpose
  CHECK(redeem(other, token) == "alice");
  CHECK(redeem(one, token) == "-");
  CHECK(redeem(one, "unknown") == "-");
  CHECK(redeem(one, "") == "-");

  const std::string unusual = "ci}:\r\n\x01";
  CHECK(redeem(other, issue(one, unusual).value()) == unusual);

  CHECK(issue(one, "alice", "").error().code == vx11::Errc::invalid_argument);
  for (const auto wrong : {std::chrono::seconds(0), std::chrono::seconds(86'401)}) {
    CHECK(issue(one, "alice", "events", wrong).error().code == vx11::Errc::invalid_argument);
  }
}

/// Of many who redeem one token at the same time, one succeeds.
inline void race(const Store& one, const Store& other) {
  for (int round = 0; round < 20; ++round) {
    const std::string token = issue(one, "alice").value();
    std::vector<std::string> found(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < found.size(); ++i) {
      threads.emplace_back([&, i] { found[i] = redeem(i % 2 == 0 ? one : other, token); });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(std::count(found.begin(), found.end(), "alice") == 1);
    CHECK(std::count(found.begin(), found.end(), "-") == 3);
  }
}

}  // namespace ephemeral_tokens_suite
