#include "crypto/hkdf.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string derive(const std::string& key, const std::string& salt, const std::string& info,
                   std::size_t length) {
  Bytes out(length);
  hkdf_sha256(from_hex(key).value(), from_hex(salt).value(), from_hex(info).value(), out);
  return to_hex(out);
}

// RFC 5869 appendix A.1 to A.3.
TEST(Hkdf, MatchesTheStandard) {
  EXPECT_EQ(derive("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
                   "f0f1f2f3f4f5f6f7f8f9", 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(derive("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

}  // namespace
}  // namespace weir
