#include "crypto/digest.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace weir {
namespace {

// FIPS 180-4 examples.
TEST(Sha256, MatchesTheStandard) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, StartsAnew) {
  Sha256 hash;
  hash.update(as_bytes("something else"));
  hash.restart();
  hash.update(as_bytes("abc"));
  EXPECT_EQ(hash.finish(), sha256(as_bytes("abc")));
  hash.restart();
  hash.update(as_bytes("abc"));
  EXPECT_EQ(hash.finish(), sha256(as_bytes("abc")));
}

TEST(Sha256, IsTheSameHoweverItIsFed) {
  const Bytes data(1000, 0x61);
  for (const std::size_t chunk : {1U, 7U, 63U, 64U, 65U, 999U}) {
    Sha256 hash;
    for (std::size_t at = 0; at < data.size(); at += chunk) {
      hash.update(ByteView(data).subspan(at, std::min(chunk, data.size() - at)));
      hash.update({});
    }
    Sha256 moved = std::move(hash);
    EXPECT_EQ(moved.finish(), sha256(data)) << chunk;
  }
}

}  // namespace
}  // namespace weir
