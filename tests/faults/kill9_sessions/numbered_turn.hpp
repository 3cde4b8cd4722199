#pragma once

/// \file
/// Numbered turns, checked byte for byte: written by session_writer, expected by the test.

#include <vx11/session.hpp>

#include <cstddef>
#include <string>

/// The turn with this number. Sizes range from a few bytes to hundreds of database pages, so that
/// kills interrupt writes of every length.
inline vx11::Turn numbered_turn(std::size_t number) {
  const std::size_t length = number % 10 == 0 ? 200'000 : number * 7'919 % 20'000;
  const auto letter = static_cast<char>('a' + number % 26);
  const std::string text = std::to_string(number) + ' ' + std::string(length, letter);
  const vx11::WallTime time{std::chrono::milliseconds(number)};
  return {{"user", "ask " + text, time}, {"assistant", "answer " + text, time}};
}

/// The number in "ask 17 …" or "answer 17 …".
inline std::size_t number_of(const vx11::Message& message) {
  return std::stoul(message.content.substr(message.content.find(' ') + 1));
}

/// Only the number of messages is limited, not their bytes.
inline vx11::SessionLimits limited_to(std::size_t messages) {
  vx11::SessionLimits limits;
  limits.messages = messages;
  constexpr std::size_t kMoreThanIsWritten = std::size_t(1) << 40U;
  limits.message_bytes = limits.session_bytes = limits.total_bytes = kMoreThanIsWritten;
  return limits;
}
