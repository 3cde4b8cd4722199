// What the check of a token costs a request: one token, against a token file with one and with ten
// thousand. The tokens come in random order, so that the table does not stay in the cache.

#include <vx11/auth.hpp>
#include <vx11/token_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "allocation_counter.hpp"

namespace {

namespace fs = std::filesystem;

vx11::Headers request_with(const std::string& token) {
  vx11::Headers headers;
  headers.add("Host", "127.0.0.1:8000");
  headers.add("User-Agent", "benchmark");
  headers.add("Authorization", "Bearer " + token);
  headers.add("Content-Type", "application/json");
  return headers;
}

void one_token(benchmark::State& state) {
  const std::string token = vx11::make_token().value();
  const auto auth = vx11::make_token_authenticator(token).value();
  const vx11::Headers headers = request_with(token);
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(auth->explain(headers));
}

void digest(benchmark::State& state) {
  const std::string token = vx11::make_token().value();
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(vx11::digest_of(token));
}

/// A token file in a folder of its own.
struct Tokens {
  explicit Tokens(std::size_t size) {
    std::vector<vx11::TokenEntry> entries;
    for (std::size_t i = 0; i < size; ++i) {
      const std::string token = vx11::make_token().value();
      entries.push_back({.name = "service-" + std::to_string(i),
                         .scopes = {vx11::Scope::chat},
                         .digest = vx11::digest_of(token).value()});
      requests.push_back(request_with(token));
    }
    std::shuffle(requests.begin(), requests.end(), std::mt19937(7));
    std::string folder = (fs::temp_directory_path() / "vx11-benchmark-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return;
    const fs::path path = fs::path(folder) / "tokens";
    std::ofstream(path) << vx11::print_token_file(entries);
    fs::permissions(path, fs::perms(0600));
    file = vx11::TokenFile::open({.path = path.string()}).value();
    fs::remove_all(folder);
  }

  std::vector<vx11::Headers> requests = {};
  std::shared_ptr<vx11::TokenFile> file = {};
};

void token_file(benchmark::State& state) {
  const Tokens tokens(static_cast<std::size_t>(state.range(0)));
  std::size_t next = 0;
  const CountAllocations count(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(tokens.file->explain(tokens.requests[next]));
    if (++next == tokens.requests.size()) next = 0;
  }
}

BENCHMARK(one_token);
BENCHMARK(digest);
BENCHMARK(token_file)->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
