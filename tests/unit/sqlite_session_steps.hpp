#pragma once

/// \file
/// The writer and the reader of an SQLite store without their threads: the test says what runs
/// when.

#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "store/limits.hpp"
#include "store/sqlite_batches.hpp"
#include "store/sqlite_file.hpp"

class SqliteSteps {
 public:
  SqliteSteps(const std::string& path, const vx11::SessionLimits& limits,
              const vx11::testing::ManualClock& clock)
      : SqliteSteps(open(path, clock), limits, clock) {}

  struct Appended {
    std::string id;
    vx11::Turn turn;
  };
  /// In one transaction.
  void append(const std::vector<Appended>& turns) {
    std::vector<std::unique_ptr<AppendJob>> jobs;
    for (const auto& [id, turn] : turns) {
      jobs.push_back(std::make_unique<AppendJob>(until(), id, turn, clock_));
    }
    vx11::sqlite::Jobs all;
    for (const auto& job : jobs) all.push_back(job.get());
    writer_.run(all);
    for (const auto& job : jobs) REQUIRE(job->code() == SQLITE_OK);
    writer_.tidy_up();
  }
  bool erase(const std::string& id) {
    EraseJob job(until(), id);
    writer_.run({&job});
    REQUIRE(job.code() == SQLITE_OK);
    writer_.tidy_up();
    return job.was_there;
  }
  std::vector<vx11::Message> recent(const std::string& id) {
    vx11::sqlite::ReadJob job(until(), id, shared_.limits.messages);
    reader_.run({&job});
    REQUIRE(job.code() == SQLITE_OK);
    return std::move(job.session.messages);
  }
  /// Two seconds without work.
  void idle() {
    if (writer_.has_idle_work()) writer_.do_idle_work();
  }

 private:
  class AppendJob final : public vx11::sqlite::WriteJob {
   public:
    AppendJob(vx11::TimePoint until, const std::string& id, const vx11::Turn& turn,
              vx11::WallClock clock)
        : WriteJob(until, id), turn_(turn, clock) {}
    bool appends() const noexcept override { return true; }
    void apply(vx11::sqlite::SessionChange& change) override { change.append(id, "u", turn_); }

   private:
    const vx11::sqlite::NewTurn turn_;
  };
  class EraseJob final : public vx11::sqlite::WriteJob {
   public:
    using WriteJob::WriteJob;
    void apply(vx11::sqlite::SessionChange& change) override { was_there = change.erase(id); }
    bool was_there = false;
  };
  struct Opened {
    std::string name;
    vx11::sqlite::Connection writer;
    vx11::sqlite::Connection reader;
    vx11::sqlite::LastingClock clock;
  };

  static Opened open(const std::string& path, const vx11::testing::ManualClock& clock) {
    auto name = vx11::sqlite::file_name(path);
    REQUIRE(name);
    auto writer = vx11::sqlite::open_for_writing(*name, vx11::SessionDurability::process);
    REQUIRE(writer);
    vx11::sqlite::LastingClock lasting{vx11::SteadyClock(clock)};
    REQUIRE(vx11::sqlite::set_clock(writer->get(), vx11::WallClock(clock), lasting));
    auto reader = vx11::sqlite::open_for_reading(*name);
    REQUIRE(reader);
    return {*std::move(name), *std::move(writer), *std::move(reader), lasting};
  }
  static vx11::sqlite::Shared share(const Opened& opened, const vx11::SessionLimits& limits,
                                    const vx11::testing::ManualClock& clock) {
    const auto idle = std::chrono::ceil<std::chrono::milliseconds>(limits.idle_timeout).count();
    return {.limits = vx11::detail::at_least_one(limits),
            .idle = idle,
            .wall_clock = clock,
            .steady_clock = clock,
            .clock = opened.clock,
            .memory = {idle, vx11::sqlite::ChangeCounter(opened.reader.get()), false}};
  }
  SqliteSteps(Opened opened, const vx11::SessionLimits& limits,
              const vx11::testing::ManualClock& clock)
      : clock_(clock),
        shared_(share(opened, limits, clock)),
        reads_(std::move(opened.reader)),
        reader_(reads_.get(), shared_),
        writer_(std::move(opened.writer), std::move(opened.name), shared_) {}

  vx11::TimePoint until() const { return clock_.now() + std::chrono::seconds(10); }

  const vx11::testing::ManualClock& clock_;
  vx11::sqlite::Shared shared_;
  const vx11::sqlite::Connection reads_;
  vx11::sqlite::Reader reader_;
  vx11::sqlite::Writer writer_;
};
