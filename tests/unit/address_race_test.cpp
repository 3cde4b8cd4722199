// RFC 8305 as a state machine: what is tried next and when, without a socket.

#include <vx11/socket/detail/address_race.hpp>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Errc;
using vx11::TimePoint;
using vx11::socket_detail::Address;
using vx11::socket_detail::AddressRace;

namespace {

constexpr TimePoint kStart{100s};

AddressRace race_of(const std::vector<std::string>& hosts) {
  std::vector<Address> addresses;
  for (const std::string& host : hosts) addresses.push_back(Address::parse(host, 80).value());
  return AddressRace(addresses);
}

/// The host to try at `now`; empty if none is due.
std::string next(AddressRace& race, TimePoint now) {
  const Address* const address = race.next(now);
  return address == nullptr ? std::string() : address->host();
}

}  // namespace

TEST_CASE("addresses of both families are tried alternately, beginning with the preferred one") {
  AddressRace race = race_of({"::1", "::2", "::3", "10.0.0.1", "10.0.0.2"});
  TimePoint now = kStart;
  std::vector<std::string> order;
  for (int i = 0; i < 5; ++i, now += 250ms) order.push_back(next(race, now));
  CHECK(order == std::vector<std::string>{"::1", "10.0.0.1", "::2", "10.0.0.2", "::3"});
}

TEST_CASE("the next address is due a quarter of a second after the last") {
  AddressRace race = race_of({"10.0.0.1", "10.0.0.2"});
  CHECK(next(race, kStart) == "10.0.0.1");
  CHECK(race.due() == kStart + 250ms);
  CHECK(next(race, kStart + 249ms).empty());
  CHECK(next(race, kStart + 250ms) == "10.0.0.2");
  CHECK(race.due() == TimePoint::max());
  CHECK(next(race, kStart + 10s).empty());
}

TEST_CASE("an attempt that fails makes the next address due at once") {
  AddressRace race = race_of({"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  CHECK(next(race, kStart) == "10.0.0.1");
  race.failed(ECONNREFUSED);
  CHECK_FALSE(race.lost());
  CHECK(next(race, kStart) == "10.0.0.2");
  CHECK(next(race, kStart).empty());
}

TEST_CASE("the race is lost when every attempt has failed, for the reason of the first") {
  AddressRace race = race_of({"10.0.0.1", "::1"});
  CHECK(next(race, kStart) == "10.0.0.1");
  race.failed(ECONNREFUSED);
  CHECK(next(race, kStart) == "::1");
  CHECK_FALSE(race.lost());
  race.failed(ENETUNREACH);
  REQUIRE(race.lost());
  CHECK(race.lost()->code == Errc::unreachable);
  CHECK(race.lost()->detail == "connection refused");
  CHECK(race.due() == TimePoint::max());
}

TEST_CASE("an attempt that times out makes the race a timeout") {
  AddressRace race = race_of({"10.0.0.1"});
  CHECK(next(race, kStart) == "10.0.0.1");
  race.failed(ETIMEDOUT);
  REQUIRE(race.lost());
  CHECK(race.lost()->code == Errc::timeout);
}

TEST_CASE("a host without addresses is unknown") {
  AddressRace race = race_of({});
  CHECK(next(race, kStart).empty());
  REQUIRE(race.lost());
  CHECK(race.lost()->code == Errc::unreachable);
  CHECK(race.lost()->detail == "the host name is unknown");
}

TEST_CASE("a shortage of this process is its own error, unless the host refused another address") {
  for (const int shortage : {EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL, EAGAIN}) {
    CAPTURE(shortage);
    AddressRace race = race_of({"10.0.0.1", "::1"});
    CHECK(next(race, kStart) == "10.0.0.1");
    race.failed(shortage);
    CHECK(next(race, kStart) == "::1");
    SUBCASE("every address met it") {
      race.failed(shortage);
      CHECK(race.lost().value().code == Errc::exhausted);
    }
    SUBCASE("the other address refused") {
      race.failed(ECONNREFUSED);
      CHECK(race.lost().value().code == Errc::unreachable);
    }
  }
}
