#include "power/command_verdict.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using json::Kind;
using json::Member;

struct Meaning {
  std::string_view word = {};
  StatusWord means = StatusWord::unknown;
};

/// madre's words, in both dialects, and the usual ones beside them.
constexpr std::array kMeanings = {
    Meaning{"ok", StatusWord::good},           Meaning{"success", StatusWord::good},
    Meaning{"succeeded", StatusWord::good},    Meaning{"done", StatusWord::good},
    Meaning{"complete", StatusWord::good},     Meaning{"completed", StatusWord::good},
    Meaning{"applied", StatusWord::good},      Meaning{"executed", StatusWord::good},
    Meaning{"open", StatusWord::good},         Meaning{"opened", StatusWord::good},
    Meaning{"closed", StatusWord::good},       Meaning{"started", StatusWord::good},
    Meaning{"restarted", StatusWord::good},    Meaning{"running", StatusWord::good},
    Meaning{"stopped", StatusWord::good},      Meaning{"active", StatusWord::good},
    Meaning{"pending", StatusWord::later},     Meaning{"queued", StatusWord::later},
    Meaning{"accepted", StatusWord::later},    Meaning{"scheduled", StatusWord::later},
    Meaning{"plan", StatusWord::plan},         Meaning{"planned", StatusWord::plan},
    Meaning{"failed", StatusWord::bad},        Meaning{"error", StatusWord::bad},
    Meaning{"partial", StatusWord::bad},       Meaning{"rejected", StatusWord::bad},
    Meaning{"refused", StatusWord::bad},       Meaning{"denied", StatusWord::bad},
    Meaning{"forbidden", StatusWord::bad},     Meaning{"blocked", StatusWord::bad},
    Meaning{"off_by_policy", StatusWord::bad}, Meaning{"timeout", StatusWord::bad},
    Meaning{"cancelled", StatusWord::bad},     Meaning{"service_offline", StatusWord::bad}};

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_word(std::string_view said, std::string_view word) noexcept {
  return std::equal(said.begin(), said.end(), word.begin(), word.end(),
                    [](char a, char b) { return lower(a) == b; });
}

bool is_failed_exit(const Member& code) noexcept {
  return code.kind == Kind::number && !json::is_whole(code.text, "0");
}

/// Anything but null, false and what is empty.
bool is_error(const Member& error) noexcept {
  switch (error.kind) {
    case Kind::absent:
    case Kind::null:
      return false;
    case Kind::boolean:
      return error.text == "true";
    case Kind::string:
      return !error.text.empty();
    case Kind::array:
      return json::ArrayItems(error.text).next().has_value();
    case Kind::object:
      return json::ObjectItems(error.text).next().has_value();
    case Kind::number:
      break;
  }
  return is_failed_exit(error);
}

std::size_t failures_in(const Member& list) {
  std::size_t failed = 0;
  json::ArrayItems items(list.kind == Kind::array ? list.text : std::string_view());
  while (const auto step = items.next()) {
    if (reports_failure(*step)) ++failed;
  }
  return failed;
}

enum Said : std::size_t { executed, status, apply, steps };
constexpr std::array<std::string_view, 4> kSaid = {"executed", "status", "apply", "steps"};

constexpr int kAccepted = 202;

CommandOutcome outcome_of(int code, StatusWord word) noexcept {
  const bool is_good = word == StatusWord::good || word == StatusWord::absent;
  return is_good && code != kAccepted ? CommandOutcome::done : CommandOutcome::not_known;
}

std::string_view word_of(const CommandVerdict& verdict) noexcept {
  switch (verdict.outcome) {
    case CommandOutcome::done:
      return "done";
    case CommandOutcome::not_done:
      return verdict.is_plan ? "planned" : "failed";
    case CommandOutcome::not_known:
      break;
  }
  return verdict.is_later ? "pending" : "unknown";
}

}  // namespace

StatusWord status_word(const Member& status) noexcept {
  if (status.kind == Kind::absent || status.kind == Kind::null) return StatusWord::absent;
  if (status.kind != Kind::string) return StatusWord::unknown;
  const auto* const found =
      std::find_if(kMeanings.begin(), kMeanings.end(),
                   [&](const Meaning& meaning) { return is_same_word(status.text, meaning.word); });
  return found == kMeanings.end() ? StatusWord::unknown : found->means;
}

bool reports_failure(std::string_view object) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "rc", "returncode", "exit_code", "ok", "success", "status", "error", "errors"};
  const auto scanned = json::scan_object(object, kNames);
  if (!scanned) return false;
  const auto& found = scanned->members;
  return std::any_of(&found[0], &found[3], is_failed_exit) || found[3].text == "false" ||
         found[4].text == "false" || status_word(found[5]) == StatusWord::bad ||
         is_error(found[6]) || is_error(found[7]);
}

CommandVerdict verdict_of(const MadreReply& reply) {
  CommandVerdict verdict;
  if (reply.pending()) return verdict;
  verdict.outcome = CommandOutcome::not_done;
  const auto said = json::scan_object(reply.json, kSaid);
  if (!reply.ok() || !said) return verdict;
  const auto& members = said->members;
  const StatusWord word = status_word(members[status]);
  // She may list the same steps under both names.
  verdict.failed_steps = std::max(failures_in(members[executed]), failures_in(members[steps]));
  verdict.is_plan = word == StatusWord::plan || members[apply].text == "false";
  const bool is_denied = members[executed].text == "false" || reports_failure(reply.json);
  if (verdict.is_plan || is_denied || verdict.failed_steps > 0) return verdict;
  verdict.outcome = outcome_of(reply.status, word);
  verdict.is_later = word == StatusWord::later || reply.status == kAccepted;
  return verdict;
}

std::string_view outcome_word(const Result<MadreReply>& reply) {
  if (!reply) return may_have_arrived(reply.error().code) ? "unknown" : "failed";
  if (reply->pending()) return "pending";
  return reply->ok() ? word_of(verdict_of(*reply)) : "refused";
}

bool may_have_arrived(Errc code) noexcept {
  return code == Errc::timeout || code == Errc::cancelled || code == Errc::unreachable ||
         code == Errc::http_status || code == Errc::invalid_reply || code == Errc::too_large;
}

}  // namespace v0
}  // namespace vx11
