// Keys in a file, which is read again when it changes.

#include <fstream>
#include <string>

#include <sys/stat.h>

#include "jwks_site.hpp"
#include "scratch_folder.hpp"

using namespace jwks_site;

namespace {

struct KeyFile {
  ScratchFolder folder;
  vx11::testing::ManualClock clock;
  KeyPair pair = KeyPair::p256();
  std::string path = folder / "keys.json";
  JwksOptions options = {.path = path, .audience = "operator", .clock = clock, .wall_clock = clock};

  void write(const std::string& text) const {
    std::ofstream(path + ".new") << text;
    ::chmod((path + ".new").c_str(), 0644);
    ::rename((path + ".new").c_str(), path.c_str());
  }
  void write_own(const std::string& kid) const {
    write(set_of(pair.jwk(",\"kid\":\"" + kid + "\"")));
  }
  Access check(const JwksAuthenticator& keys, const std::string& kid) const {
    return keys.check(bearing(pair.sign(header("ES256", ",\"kid\":\"" + kid + "\""), kClaims)));
  }
};

}  // namespace

TEST_CASE_FIXTURE(KeyFile,
                  "a file is read when it was changed, and its keys replace the old ones") {
  write_own("one");
  const auto keys = JwksAuthenticator::open(options).value();
  CHECK(check(*keys, "one") == Access::granted);
  CHECK(check(*keys, "two") == Access::key_unknown);
  CHECK(keys->refresh().value() == false);
  write_own("two");
  CHECK(keys->refresh().value());
  CHECK(check(*keys, "two") == Access::granted);
  CHECK(check(*keys, "one") == Access::key_unknown);
  CHECK(keys->is_current());
}

TEST_CASE_FIXTURE(KeyFile, "a file that cannot be used leaves the keys in force, and is named") {
  write_own("one");
  const auto keys = JwksAuthenticator::open(options).value();
  for (const std::string text : {"", "{\"keys\":[", "{\"keys\":[]}"}) {
    write(text);
    const auto refused = keys->refresh();
    REQUIRE(!refused);
    CHECK(refused.error().detail.starts_with("\"" + path + "\" "));
    CHECK(keys->refresh().value() == false);  // once for each change
    CHECK_FALSE(keys->is_current());
    CHECK(check(*keys, "one") == Access::granted);
  }
  ::remove(path.c_str());
  CHECK(!keys->refresh());
  CHECK(!keys->reload());
  CHECK(check(*keys, "one") == Access::granted);
  write_own("two");
  CHECK(keys->refresh().value());
  CHECK(check(*keys, "two") == Access::granted);
}

TEST_CASE_FIXTURE(KeyFile,
                  "a file that others may write is refused, and so is one that is too large") {
  write_own("one");
  ::chmod(path.c_str(), 0666);
  const auto writable = JwksAuthenticator::open(options);
  REQUIRE(!writable);
  CHECK(writable.error().detail.find("could add keys; run chmod go-w") != std::string::npos);
  write(std::string(300'000, ' '));
  CHECK(!JwksAuthenticator::open(options));
  ::remove(path.c_str());
  CHECK(JwksAuthenticator::open(options).error().code == vx11::Errc::storage);
}
