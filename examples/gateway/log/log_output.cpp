#include "gateway/log/log_output.hpp"

#include <string>

#include <spdlog/logger.h>

#include "gateway/log/log_sink.hpp"
#include "gateway/log/log_text.hpp"

namespace gateway {

namespace {

/// As JSON, levels are the words of `log.level`.
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})";

static_assert(static_cast<int>(LogLevel::warn) == SPDLOG_LEVEL_WARN);

}  // namespace

struct LogOutput::Impl {
  explicit Impl(int fd) : sink(std::make_shared<DescriptorSink>(fd)) {}

  std::shared_ptr<DescriptorSink> sink;
  spdlog::logger logger{"vx11-gateway", sink};
  LogFormat format = LogFormat::text;
};

LogOutput::LogOutput(int fd) : impl_(std::make_unique<Impl>(fd)) {
  impl_->logger.set_level(spdlog::level::trace);
  impl_->logger.set_error_handler([](const std::string&) {});  // by default it prints
  set_format(LogFormat::text);
}

LogOutput::~LogOutput() = default;

void LogOutput::set_format(LogFormat format) {
  impl_->format = format;
  impl_->logger.set_pattern(format == LogFormat::json ? kJsonPattern : kTextPattern,
                            spdlog::pattern_time_type::utc);
}

void LogOutput::write(const LogLine& line) {
  const bool is_json = impl_->format == LogFormat::json;
  impl_->logger.log(static_cast<spdlog::level::level_enum>(line.level),
                    is_json ? json_members_of(line) : text_of(line));
}

std::uint64_t LogOutput::written() const noexcept {
  return impl_->sink->written();
}

std::uint64_t LogOutput::lost() const noexcept {
  return impl_->sink->lost();
}

}  // namespace gateway
