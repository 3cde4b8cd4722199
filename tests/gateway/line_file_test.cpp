// The file that a thread of its own appends to.

#include "gateway/files/line_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "scratch_folder.hpp"

using gateway::LineFile;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Scratch {
  ScratchFolder folder;
  std::string path = folder.write("log", "");
};

}  // namespace

TEST_CASE_FIXTURE(Scratch, "lines are appended in their order, and written at the end") {
  folder.write("log", "before\n");
  {
    const auto file = LineFile::open(path).value();
    file->append("one");
    file->append("two");
    file->flush();
    CHECK(text_of(path) == "before\none\ntwo\n");
    CHECK(file->written() == 2);
    file->append("three");
  }
  CHECK(text_of(path) == "before\none\ntwo\nthree\n");
}

TEST_CASE_FIXTURE(Scratch, "lines of many threads are whole") {
  constexpr int kThreads = 4;
  constexpr int kLines = 5000;
  const auto file = LineFile::open(path).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kLines; ++n) file->append(std::string(40, static_cast<char>('a' + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  file->flush();
  CHECK(file->written() == kThreads * kLines);
  CHECK(file->lost() == 0);
  std::ifstream text(path);
  int lines = 0;
  for (std::string line; std::getline(text, line); ++lines) {
    if (line != std::string(40, line.front())) FAIL(line);
  }
  CHECK(lines == kThreads * kLines);
}

TEST_CASE_FIXTURE(Scratch, "lines above the bound are dropped and counted") {
  const auto file = LineFile::open(path, 100).value();
  file->append(std::string(200, 'x'));
  CHECK(file->lost() == 1);
  file->append(std::string(99, 'y'));
  file->flush();
  CHECK(file->written() == 1);
  CHECK(text_of(path) == std::string(99, 'y') + "\n");
}

TEST_CASE_FIXTURE(Scratch, "a file that was moved away is opened anew, and no line is lost") {
  const auto file = LineFile::open(path).value();
  file->append("old");
  file->flush();
  std::filesystem::rename(path, path + ".1");
  file->append("still old");
  file->reopen();
  file->flush();
  file->append("new");
  file->flush();
  CHECK(text_of(path + ".1") == "old\nstill old\n");
  CHECK(text_of(path) == "new\n");
  CHECK(file->written() == 3);
}

TEST_CASE_FIXTURE(Scratch, "a full disk loses lines, counts them, and tears none that follow") {
  const auto full = LineFile::open("/dev/full").value();
  full->append("lost");
  full->flush();
  CHECK(full->lost() == 1);
  CHECK(full->written() == 0);
}

TEST_CASE_FIXTURE(Scratch, "a file that cannot be opened is an error with its path") {
  const auto file = LineFile::open(path + "/none");
  REQUIRE_FALSE(file);
  CHECK(file.error().detail.starts_with(path + "/none cannot be opened: "));
}
