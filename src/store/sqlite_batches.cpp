#include "store/sqlite_batches.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "store/sqlite_file.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

/// Pages of the write-ahead log (16 MB) after which they are copied into the database, beside the
/// writer.
constexpr int kPagesToCopy = 4'000;
/// Pages (128 MB) from which on the writer waits for the last of them to be copied, so that the log
/// begins anew. It does so by itself whenever a copy ends while nothing is written.
constexpr int kPagesOfLog = 32'000;
/// How many sessions leave between two transactions if limits were lowered.
constexpr int kShrunkAtOnce = 64;
/// How often a held file is looked at: every millisecond, later less often. SQLite's own wait looks
/// every 50 to 100 milliseconds soon, and misses the moments in which another process that writes
/// without pause does not hold the file.
constexpr int kFrequentLooks = 500;
constexpr Milliseconds kRareLooks = 10;
/// How long uses stay unwritten while turns are stored.
constexpr Milliseconds kTouchesFor = 2'000;
constexpr std::chrono::milliseconds kPatienceOfTidying{25};

/// Whether a failure may be that of one turn: the disk and the file are the same for all.
bool is_of_one(Code code) noexcept {
  switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return false;
    default:
      return true;
  }
}

}  // namespace

void Patience::at_most(Duration left) noexcept {
  left_ = std::max<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 1);
}

int Patience::wait(void* self, int waits) noexcept {
  Milliseconds& left = static_cast<Patience*>(self)->left_;
  if (left <= 0) return 0;
  const Milliseconds pause = std::min<Milliseconds>(waits < kFrequentLooks ? 1 : kRareLooks, left);
  sqlite3_sleep(static_cast<int>(pause));
  left -= pause;
  return 1;
}

Writer::Writer(Connection connection, std::string name, Shared& shared)
    : log_writes_(shared.durability == SessionDurability::process ? connection.get() : nullptr),
      patience_(connection.get()),
      connection_(std::move(connection)),
      name_(std::move(name)),
      shared_(shared),
      statements_(connection_.get()) {
  const auto note_frames = [](void* self, sqlite3*, const char*, int frames) {
    static_cast<Writer*>(self)->frames_ = frames;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(connection_.get(), note_frames, this);
  const auto hold = [this](const Row& row) {
    shared_.tally.hold({.sessions = row.integer(0), .bytes = row.integer(1)});
  };
  statements_.totals.each(hold);  // should it fail, the first transaction knows
}

Writer::~Writer() {
  checkpoints_.shut_down();
  if (has_idle_work()) do_idle_work();
}

void Writer::run(const Jobs& jobs) {
  if (has_moved(connection_.get())) return end_all(jobs, kMoved);
  if (log_.has_moved(connection_.get())) return end_all(jobs, kLogMoved);
  together(jobs);
}

/// Jobs that another process keeps waiting fail one after the other, each at the end of its
/// patience.
void Writer::together(Jobs jobs) {
  for (jobs = refuse_overdue(jobs); !jobs.empty(); jobs = refuse_overdue(jobs)) {
    const auto earliest = (*std::ranges::min_element(jobs, {}, &Job::until))->until();
    patience_.at_most(earliest - shared_.steady_clock.now());
    const Code code = change(jobs);
    if (code == SQLITE_OK) return end_all(jobs, code);
    if (code != SQLITE_BUSY) return is_of_one(code) ? singly(jobs, code) : end_all(jobs, code);
    const auto waited = [&](const Job* job) { return job->until() <= earliest; };
    for (Job* const job : jobs) {
      if (waited(job)) job->end_with(code);
    }
    std::erase_if(jobs, waited);
  }
}

/// One of them failed: the others are not to fail with it.
void Writer::singly(const Jobs& jobs, Code code) {
  if (jobs.size() == 1) return end_all(jobs, code);
  for (Job* const job : jobs) together({job});
}

/// One transaction. \return SQLITE_OK, or a failure that left nothing of it.
template <class Steps>
Code Writer::transact(const Steps& steps) noexcept {
  SessionChange change = new_change();
  const Code code = run(change, steps);
  if (code != SQLITE_OK) log_writes_.discard();
  return code;
}

template <class Steps>
Code Writer::run(SessionChange& change, const Steps& steps) noexcept {
  try {
    if (change.begin() == SQLITE_OK) {
      steps(change);
      return change.commit();
    }
  } catch (...) {
    change.roll_back();
    return SQLITE_NOMEM;
  }
  change.roll_back();
  return change.code();
}

Code Writer::change(const Jobs& jobs) noexcept {
  const Milliseconds now = shared_.clock.now();
  const bool has_none = shared_.memory.touch_count() == 0;
  const bool writes_touches = !has_none && now - touches_written_ >= kTouchesFor;
  const Code code = transact([&](SessionChange& change) {
    if (writes_touches) change.write_touches();
    apply(jobs, change);
    is_over_ = change.is_over();
  });
  if ((writes_touches || has_none) && code == SQLITE_OK) touches_written_ = now;
  return code;
}

void Writer::apply(const Jobs& jobs, SessionChange& change) {
  std::vector<const std::string*> ids;
  std::size_t appends = 0;
  for (const Job* const job : jobs) {
    const auto& write = static_cast<const WriteJob&>(*job);
    ids.push_back(&write.id);
    if (write.appends()) ++appends;
  }
  if (appends > 0) change.sweep(appends);
  change.look_up(ids);
  for (Job* const job : jobs) static_cast<WriteJob&>(*job).apply(change);
}

/// \return the others
Jobs Writer::refuse_overdue(const Jobs& jobs) const {
  const TimePoint now = shared_.steady_clock.now();
  Jobs left;
  for (Job* const job : jobs) {
    if (job->until() < now) {
      job->end_with(SQLITE_BUSY);
    } else {
      left.push_back(job);
    }
  }
  return left;
}

void Writer::tidy_up() noexcept {
  if (is_over_) {
    patience_.at_most(kPatienceOfTidying);
    transact([this](SessionChange& change) { is_over_ = change.shrink(kShrunkAtOnce); });
  }
  if (due_.size() >= trims_from_) trim_due();
  tidy_up_log();
}

void Writer::tidy_up_log() noexcept {
  const int frames = frames_;
  if (frames < copied_frames_) copied_frames_ = 0;  // it has begun anew
  if (copied_.exchange(false)) {
    copying_ = false;
    if (frames < kPagesOfLog) return;
    // What was written since the copy began, and two flushes of it.
    sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                              nullptr);
  } else if (frames - copied_frames_ >= kPagesToCopy && !copying_) {
    try {
      checkpoints_.run([this] { checkpoint(); });
    } catch (const std::bad_alloc&) {
      return;  // the next transaction tries again
    }
    copying_ = true;
    copied_frames_ = frames;
  }
}

/// Beside the writer, which needs no lock of it.
void Writer::checkpoint() noexcept {
  try {
    if (const auto connection = open_for_reading(name_)) {
      execute(connection->get(), "PRAGMA query_only = OFF; PRAGMA wal_checkpoint(PASSIVE)");
    }
  } catch (const std::bad_alloc&) {  // a later copy has it all
  }
  copied_ = true;
}

void Writer::trim_due() noexcept {
  patience_.at_most(kPatienceOfTidying);
  transact([](SessionChange& change) { change.trim_due(); });
  trims_from_ = due_.size() + kDueTogether;
}

void Writer::do_idle_work() noexcept {
  if (has_touches()) {
    patience_.at_most(kPatienceOfTidying);
    transact([](SessionChange& change) { change.write_touches(); });
  }
  if (!due_.empty()) trim_due();
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
