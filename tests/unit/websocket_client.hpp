#pragma once

/// \file
/// A WebSocket client for tests that sends arbitrary frames.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "raw_http_client.hpp"

namespace websocket_client {

/// One frame of the server.
struct Frame {
  int opcode = -1;  ///< -1: the connection has ended.
  bool is_last = false;
  bool is_masked = false;
  std::string data = {};

  /// Of a close frame; 1005: none.
  int code() const {
    if (data.size() < 2) return 1005;
    return static_cast<unsigned char>(data[0]) << 8 | static_cast<unsigned char>(data[1]);
  }
};

enum Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  closing = 8,
  ping = 9,
  pong = 10
};

/// How a frame is written; the defaults are those of a good client.
struct Form {
  bool is_last = true;
  bool is_masked = true;
  std::uint8_t reserved_bits = 0;
  std::uint64_t announced = 0;  ///< 0: as long as the data.
};

inline std::string frame(std::uint8_t opcode, std::string_view data, Form form = {}) {
  const std::uint64_t size = form.announced != 0 ? form.announced : data.size();
  const int length_bytes = size <= 125 ? 0 : size <= 0xFFFF ? 2 : 8;
  const auto mask = static_cast<unsigned>(form.is_masked ? 0x80 : 0);
  std::string out;
  out += static_cast<char>((form.is_last ? 0x80U : 0U) | form.reserved_bits << 4U | opcode);
  out += static_cast<char>(mask | (length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127));
  for (int i = length_bytes - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i));
  if (!form.is_masked) return out.append(data);
  const std::string key = "\x11\x22\x33\x44";
  out += key;
  for (std::size_t i = 0; i < data.size(); ++i) out += static_cast<char>(data[i] ^ key[i % 4]);
  return out;
}

inline std::string close_frame(int code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return frame(closing, payload.append(reason));
}

inline std::string handshake(const std::string& path, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n" +
         "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + more + "\r\n";
}

/// The next frame of `client`.
inline Frame read_frame(raw_http_client::RawHttpClient& client) {
  const std::string head = client.read_bytes(2);
  if (head.size() < 2) return {};
  const auto byte = [](const std::string& text, std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  std::uint64_t size = byte(head, 1) & 0x7FU;
  if (size >= 126) {
    const std::string length = client.read_bytes(size == 126 ? 2 : 8);
    size = 0;
    for (std::size_t i = 0; i < length.size(); ++i) size = size << 8 | byte(length, i);
  }
  return {.opcode = byte(head, 0) & 0x0F,
          .is_last = (byte(head, 0) & 0x80U) != 0,
          .is_masked = (byte(head, 1) & 0x80U) != 0,
          .data = client.read_bytes(size)};
}

}  // namespace websocket_client
