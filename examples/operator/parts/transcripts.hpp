#pragma once

/// \file
/// The chats that operators had through the backend, for the console's list of sessions.

#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <string>

#include <nlohmann/json.hpp>

namespace backend {

/// A question and its answer, stored as one.
struct Turn {
  std::string principal = {};
  std::string session_id = {};
  std::string question = {};
  std::string answer = {};
  nlohmann::json metadata = nlohmann::json::object();  ///< Of the answer: source, attempts.
};

/// **Thread-safe**; outlives its tasks.
class Transcripts {
 public:
  Transcripts() = default;
  Transcripts(const Transcripts&) = delete;
  Transcripts& operator=(const Transcripts&) = delete;
  virtual ~Transcripts() = default;

  /// Completes once the turn is on disk. \return `storage`
  virtual vx11::Task<vx11::Result<void>> add(Turn turn) = 0;
};

}  // namespace backend
