// Golden files: t/vectors/NAME.json holds what this code must go on producing, and what the other
// languages' code is tested with. With WEIR_WRITE_VECTORS=1 in the environment they are written
// anew.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base/bytes.h"

namespace weir::golden {

using Json = nlohmann::ordered_json;

inline std::string path_of(const std::string& name) {
  return std::string(WEIR_VECTORS) + "/" + name + ".json";
}

inline void expect_same(const std::string& name, const Json& made) {
  const std::string text = made.dump(1) + "\n";
  if (std::getenv("WEIR_WRITE_VECTORS") != nullptr) {
    std::ofstream(path_of(name)) << text;
    return;
  }
  std::stringstream committed;
  committed << std::ifstream(path_of(name)).rdbuf();
  ASSERT_EQ(committed.str(), text)
      << path_of(name) << " and the code differ. Only if the format is meant to change: "
      << "WEIR_WRITE_VECTORS=1";
}

// The private keys of the vectors are public: RFC 8032 section 7.1, tests 1 and 2.
inline constexpr std::string_view kTestKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
inline constexpr std::string_view kOtherKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
    "-----END PRIVATE KEY-----\n";

// Plain bytes of any length that need not be written down.
inline Bytes plain_bytes(std::size_t count, std::size_t from = 0) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t n = from + i;
    out[i] = static_cast<std::uint8_t>((n * 7 + (n >> 8) * 13 + 1) & 255);
  }
  return out;
}

}  // namespace weir::golden
