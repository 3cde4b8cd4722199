// Replies of Redis: read alike in one piece and byte by byte, within the bound, and a map of slots
// made of them is whole.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.hpp"
#include "redis/cluster_discovery.hpp"
#include "redis/reply_reader.hpp"

namespace {

using vx11::redis::Reply;
using vx11::redis::ReplyReader;

constexpr std::size_t kMostBytes = 4096;

std::size_t weight_of(const Reply& reply) {
  std::size_t bytes = reply.text().size();
  for (std::size_t i = 0; i < reply.size(); ++i) bytes += sizeof(Reply) + weight_of(reply[i]);
  return bytes;
}

std::string shape_of(const Reply& reply) {
  std::string shape = std::to_string(static_cast<int>(reply.kind())) + ":";
  shape.append(reply.text()).append(std::to_string(reply.integer())).append("(");
  for (std::size_t i = 0; i < reply.size(); ++i) shape += shape_of(reply[i]);
  return shape + ")";
}

std::vector<std::string> read(std::string_view bytes, std::size_t piece) {
  ReplyReader reader(kMostBytes);
  std::vector<std::string> shapes;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    while (const auto reply = reader.next()) {
      fuzz::require(weight_of(*reply) <= kMostBytes, "a reply is within the bound");
      shapes.push_back(shape_of(*reply));
      const auto map = vx11::redis::read_slots(*reply, *vx11::redis::server_at("a", 1));
      if (map) fuzz::require(map->of_slot.size() == 16'384, "a map has all slots");
    }
  }
  return shapes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMostBytes) return 0;  // larger ones may be refused earlier in one piece
  const std::string_view bytes = fuzz::text_of(data, size);
  fuzz::require(read(bytes, bytes.size() + 1) == read(bytes, 1), "pieces change nothing");
  return 0;
}
