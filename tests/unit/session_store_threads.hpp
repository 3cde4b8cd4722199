#pragma once

/// \file
/// The part of `session_store_suite` about threads.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "session_store_calls.hpp"

namespace session_store_suite_parts {

// Questions are at even indices, each followed by its own answer.
inline bool is_whole(const std::vector<Message>& messages) {
  if (messages.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < messages.size(); i += 2) {
    const std::string& question = messages[i].content;
    if (!question.starts_with("ask ")) return false;
    if (messages[i + 1].content != "answer " + question.substr(4)) return false;
  }
  return true;
}

// Counts instead of checking: doctest's assertions are not meant for concurrent threads.
inline void hammer(SessionStore& store, const std::string& own, std::atomic<int>& broken) {
  for (int i = 0; i < 60; ++i) {
    const std::string text = own + " " + std::to_string(i);
    const bool kept = vx11::sync_wait(store.append("shared", own, turn(text))).has_value() &&
                      vx11::sync_wait(store.append(own, own, turn(text))).has_value();
    const auto shared = vx11::sync_wait(store.recent("shared", kAll));
    const auto mine = vx11::sync_wait(store.find(own));
    if (!kept || !shared || !is_whole(*shared)) ++broken;
    if (!mine || !*mine || (*mine)->messages.back().content != "answer " + text) ++broken;
  }
}

inline void concurrency(const MakeStore& make) {
  ManualClock clock;

  SUBCASE("threads that share a session find every turn whole") {
    const auto store = make({.messages = 20, .sessions = 10}, clock);
    std::atomic<int> broken = 0;
    {
      std::vector<std::jthread> threads;
      for (const char* own : {"a", "b", "c", "d"}) {
        threads.emplace_back([&, own] { hammer(*store, own, broken); });
      }
    }
    CHECK(broken == 0);
    CHECK(recent(*store, "shared").size() == 20);
    for (const char* own : {"a", "b", "c", "d"}) CHECK(recent(*store, own).size() == 20);
  }
  SUBCASE("no turn is lost among threads, while strangers come and go") {
    const auto store = make({.messages = kAll, .sessions = 8}, clock);
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
          for (int i = 0; i < 50; ++i) {
            static_cast<void>(vx11::sync_wait(store->append("shared", "u", turn("x"))));
            const std::string stranger = std::to_string(thread) + "/" + std::to_string(i);
            static_cast<void>(vx11::sync_wait(store->append(stranger, "u", turn("x"))));
          }
        });
      }
    }
    CHECK(recent(*store, "shared").size() == 4 * 50 * 2);
  }
}

}  // namespace session_store_suite_parts
