#pragma once

/// \file
/// Reads the pieces of a stream.

#include <vx11/chat_stream.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace stream_pieces {

using vx11::ChatPiece;
using vx11::ChatStream;
using vx11::Deadline;
using Strings = std::vector<std::string>;

inline vx11::Result<std::optional<ChatPiece>> next(ChatStream& stream, Deadline deadline = {}) {
  return vx11::sync_wait(stream.next(std::move(deadline)));
}

/// The data of the pieces that are left; the stream must end well.
inline Strings rest_of(ChatStream& stream) {
  Strings pieces;
  for (;;) {
    auto piece = next(stream);
    REQUIRE(piece.has_value());
    if (!*piece) return pieces;
    pieces.push_back((*piece)->data);
  }
}

}  // namespace stream_pieces
