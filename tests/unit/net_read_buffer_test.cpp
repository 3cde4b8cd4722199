// What a connection holds for the bytes it has received.

#include <cstring>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "net/socket/read_buffer.hpp"

using vx11::net_detail::ReadBuffer;

namespace {

/// Receives `bytes` as a channel does.
void receive(ReadBuffer& buffer, std::string_view bytes) {
  while (!bytes.empty()) {
    REQUIRE(buffer.make_room());
    const std::string_view part = bytes.substr(0, buffer.free_size());
    std::memcpy(buffer.free_begin(), part.data(), part.size());
    buffer.commit(part.size());
    bytes.remove_prefix(part.size());
  }
}

}  // namespace

TEST_CASE("a buffer has no memory before the first byte and after the last") {
  ReadBuffer buffer;
  CHECK(buffer.free_size() == 0);
  CHECK(buffer.unread().empty());
  receive(buffer, "hello");
  CHECK(buffer.unread() == "hello");
  buffer.consume(4);
  buffer.rest();
  CHECK(buffer.unread() == "o");
  buffer.consume(1);
  buffer.rest();
  CHECK(buffer.free_size() == 0);
  receive(buffer, "again");
  CHECK(buffer.unread() == "again");
}

TEST_CASE("a message of many kilobytes takes one receive") {
  ReadBuffer buffer;
  REQUIRE(buffer.make_room());
  CHECK(buffer.free_size() == 16 * 1024);
}

TEST_CASE("few unread bytes wait in a small block") {
  ReadBuffer buffer;
  const std::string sent(700, '.');
  receive(buffer, sent + "rest");
  buffer.rest();
  CHECK(buffer.free_size() > 512);  // too many for a small one
  buffer.consume(sent.size());
  buffer.rest();
  CHECK(buffer.unread() == "rest");
  CHECK(buffer.free_size() == 512 - 4);
  receive(buffer, " of it");
  CHECK(buffer.unread() == "rest of it");
}

TEST_CASE("a wait for a body keeps the large block") {
  ReadBuffer buffer;
  buffer.expect_much(true);
  receive(buffer, "the first bytes");
  buffer.rest();
  CHECK(buffer.free_size() > 512);
}

TEST_CASE("what is unread stays when the buffer grows") {
  std::string text(50000, '.');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  ReadBuffer buffer;
  receive(buffer, std::string_view(text).substr(0, 500));
  buffer.consume(100);
  receive(buffer, std::string_view(text).substr(500));
  CHECK(buffer.unread() == std::string_view(text).substr(100));
}

TEST_CASE("two buffers that hold bytes at the same time have memory of their own") {
  ReadBuffer one;
  ReadBuffer other;
  receive(one, "one");
  receive(other, "other");
  CHECK(one.unread() == "one");
  CHECK(other.unread() == "other");
}
