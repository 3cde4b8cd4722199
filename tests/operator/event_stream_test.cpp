// Event streams: live delivery, resumption, gaps, heartbeats and ends.

#include <thread>

#include "event_stream_site.hpp"

using namespace event_stream_site;

TEST_CASE("a stream begins at once, and delivers what happens from then on, with ids") {
  Site site;
  site.add_many(3);
  Reader reader = site.stream();
  CHECK(reader.next() == "retry: 3000\n\n");
  reader.wait();
  CHECK_FALSE(reader.piece);
  CHECK(site.timer->sleepers() == 1);
  site.add();
  REQUIRE(reader.piece);
  const auto messages = messages_of(reader.piece->value());
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].id == "4");
  CHECK(messages[0].data.at("type") == "events");
  CHECK(messages[0].data.at("events").at(0).at("event_type") == "test");
  CHECK(reader.piece->value().find("event:") == std::string::npos);  // unnamed
}

TEST_CASE("events that come together are one message, and a slow client loses none") {
  Site site;
  Reader reader = site.stream();
  reader.next();
  site.add_many(200);  // while the client does not read
  Ids ids;
  while (ids.size() < 200) {
    const std::string piece = reader.next();
    CHECK(messages_of(piece).size() == 1);
    for (const std::uint64_t id : ids_of(piece)) ids.push_back(id);
  }
  Ids expected;
  for (std::uint64_t id = 1; id <= 200; ++id) expected.push_back(id);
  CHECK(ids == expected);
}

TEST_CASE("a client that comes again gets what it missed, also after a restart") {
  Site site;
  site.add_many(5);
  site.open();
  Reader reader = site.stream(2);
  CHECK(reader.next() == "retry: 3000\n\n");
  CHECK(ids_of(reader.next()) == Ids{3, 4, 5});
  reader.wait();
  CHECK_FALSE(reader.piece);
  site.add();
  CHECK(ids_of(reader.piece->value()) == Ids{6});
  Reader current = site.stream(6);
  current.next();
  current.wait();
  CHECK_FALSE(current.piece);
  site.add();
  CHECK(ids_of(current.piece->value()) == Ids{7});
}

TEST_CASE("a client that missed more than is sent again gets a gap, and then the latest") {
  Site site;
  EventFeedOptions options;
  options.backlog = 10;
  options.recent = 4;
  site.open(options);
  site.add_many(30);
  Reader reader = site.stream(5);
  const auto first = messages_of(reader.next());
  REQUIRE(first.size() == 1);
  CHECK(first[0].data ==
        json{{"type", "gap"}, {"events", json::array()}, {"after", 5}, {"before", 21}});
  CHECK(first[0].id == "20");
  Ids ids;
  while (ids.size() < 10) {
    for (const std::uint64_t id : ids_of(reader.next())) ids.push_back(id);
  }
  CHECK(ids.front() == 21);
  CHECK(ids.back() == 30);
  site.add_many(30);  // and the same while it is open
  const auto later = messages_of(reader.next());
  REQUIRE(later.size() == 2);
  CHECK(later[0].data.at("type") == "gap");
  CHECK(later[0].data.at("after") == 30);
  CHECK(later[0].data.at("before") == 51);
  CHECK(later[1].data.at("events").at(0).at("id") == 51);
}

TEST_CASE("events that were removed are a gap, and so is a database that was replaced") {
  Site site;
  site.add_many(10);
  CHECK(sync_wait(site.database->write(
      [](Connection& connection) { connection.run("DELETE FROM events WHERE id < 8"); })));
  Reader removed = site.stream(3);
  CHECK(messages_of(removed.next()).at(0).data.at("before") == 8);
  CHECK(ids_of(removed.next()) == Ids{8, 9, 10});
  Reader foreign = site.stream(5'000);
  CHECK(messages_of(foreign.next()).at(0).data.at("after") == 5'000);
  CHECK(ids_of(foreign.next()) == Ids{8, 9, 10});
  CHECK(sync_wait(
      site.database->write([](Connection& connection) { connection.run("DELETE FROM events"); })));
  Reader empty = site.stream(4);
  CHECK(messages_of(empty.next()).at(0).data.at("type") == "gap");
  empty.wait();
  CHECK_FALSE(empty.piece);
  site.add();
  CHECK(ids_of(empty.piece->value()) == Ids{11});
}

TEST_CASE("a filtered stream delivers what is wanted, and stays alive meanwhile") {
  Site site;
  EventStreamStart start;
  start.severity = backend::Severity::error;
  Reader reader = site.stream_of(start);
  reader.next();
  reader.wait();
  for (int i = 0; i < 3; ++i) {
    site.timer->advance(5s);
    CHECK(bool(reader.piece) == (i == 2));
    site.add();
  }
  CHECK(reader.piece->value() == ":\n");  // others' events do not put the heartbeat off
  reader.wait();
  CHECK_FALSE(reader.piece);
  const std::uint64_t id = site.add(backend::Severity::error);
  CHECK(ids_of(reader.piece->value()) == Ids{id});
}

TEST_CASE("a comment comes every 15 s while nothing happens") {
  Site site;
  Reader reader = site.stream();
  reader.next();
  for (int i = 0; i < 3; ++i) {
    reader.wait();
    site.timer->advance(14s);
    CHECK_FALSE(reader.piece);
    site.timer->advance(1s);
    REQUIRE(reader.piece);
    CHECK(reader.piece->value() == ":\n");
  }
}

TEST_CASE("a stream ends when its client leaves, with the program, and after its time") {
  Site site;
  Reader left = site.stream();
  left.next();
  std::stop_source gone;
  left.wait(gone.get_token());
  gone.request_stop();
  REQUIRE(left.piece);
  CHECK(left.piece->error().code == vx11::Errc::cancelled);
  CHECK(site.feed->places()->taken() == 1);
  left.leave();
  CHECK(site.feed->places()->taken() == 0);

  Reader old = site.stream();
  old.next();
  site.clock.advance(2h);
  CHECK(old.next().empty());

  Reader last = site.stream();
  last.next();
  last.wait();
  site.feed->end();
  REQUIRE(last.piece);
  CHECK(last.piece->value().empty());
  Reader late = site.stream();
  late.next();
  CHECK(late.next().empty());
}

TEST_CASE("a place for a stream is given back with the stream") {
  Site site;
  Reader one = site.stream();
  CHECK(site.feed->places()->taken() == 1);
  one.leave();
  CHECK(site.feed->places()->taken() == 0);
}

TEST_CASE("one principal does not take all places") {
  const auto places =
      std::make_shared<backend::Places>(backend::PlaceLimits{.all = 4, .per_principal = 2});
  auto one = places->take("anna");
  auto two = places->take("anna");
  REQUIRE(two);
  CHECK(places->take("anna").error() == backend::NoPlace::principal);
  auto three = places->take("ben");
  auto four = places->take("carl");
  REQUIRE(four);
  CHECK(places->take("dora").error() == backend::NoPlace::all);
  one->reset();
  CHECK(places->take("anna"));
  CHECK(places->take(""));
  CHECK(places->taken() == 3);
  CHECK(places->refused(backend::NoPlace::principal) == 1);
  CHECK(places->refused(backend::NoPlace::all) == 1);
  places->limit({.all = 4, .per_principal = 1});
  CHECK(places->take("anna").error() == backend::NoPlace::principal);
  CHECK(places->take("dora"));
}

TEST_CASE("a thousand streams each get every event, whichever thread stores it") {
  Site site;
  EventFeedOptions options;
  options.recent = 8;
  const auto timer = vx11::make_net_timer();
  options.timer = timer;
  const auto feed = EventFeed::make(site.events, options);
  std::vector<std::unique_ptr<vx11::BodyStream>> streams;
  for (int i = 0; i < 1'000; ++i) {
    streams.push_back(
        sync_wait(EventFeed::open(feed, {}, feed->places()->take("").value())).value());
    CHECK(sync_wait(streams.back()->next(Deadline())));
  }
  const auto all_of = [](std::vector<std::unique_ptr<vx11::BodyStream>>& open) {
    std::vector<Task<Result<std::string>>> reading;
    for (const auto& stream : open) reading.push_back(stream->next(Deadline()));
    return sync_wait(vx11::when_all(std::move(reading)));
  };
  for (std::uint64_t round = 1; round <= 3; ++round) {
    std::jthread other([&] { site.add(); });
    for (const auto& piece : all_of(streams)) CHECK(ids_of(piece.value()) == Ids{round});
  }
}
