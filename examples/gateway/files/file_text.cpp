#include "gateway/files/file_text.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include "gateway/values/values.hpp"

namespace gateway {

tl::expected<std::string, std::error_code> file_text(const std::string& path, std::size_t most) {
  const auto last_error = [] {
    return tl::unexpected(std::error_code(errno, std::generic_category()));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) return last_error();
  std::string text;
  std::array<char, 4096> part{};
  while (const auto count = std::fread(part.data(), 1, part.size(), file.get())) {
    if (count > most - text.size()) {
      return tl::unexpected(std::make_error_code(std::errc::file_too_large));
    }
    text.append(part.data(), count);
  }
  if (std::ferror(file.get()) != 0) return last_error();
  return text;
}

std::string unreadable(const std::string& path, std::error_code error) {
  if (error == std::errc::file_too_large) {
    return fmt::format(
        "{} is larger than any such file needs to be (16 MiB); write the path of "
        "the file that is meant, or shorten it",
        in_quotes(path));
  }
  if (::access(path.c_str(), F_OK) == 0) {
    return fmt::format("{} cannot be read: {}", in_quotes(path), error.message());
  }
  return fmt::format("cannot be read: {}; write the path of a file", error.message());
}

}  // namespace gateway
