/// \file
/// libFuzzer: the JSON reader beside nlohmann's, on any bytes.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "unit/json_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const json_oracle::Names wanted :
       {json_oracle::Names(), json_oracle::Names(json_oracle::kWanted)}) {
    const std::string difference = json_oracle::disagreement(text, wanted);
    if (difference.empty()) continue;
    std::fprintf(stderr, "%s\n", difference.c_str());
    std::abort();
  }
  return 0;
}
