#include "core/base/bytes.h"

#include <gtest/gtest.h>

#include "core/base/crc32c.h"
#include "core/base/uuid.h"

namespace weir {
namespace {

TEST(Bytes, HexGoesThereAndBack) {
  const Bytes bytes{0x00, 0x7f, 0xff};
  EXPECT_EQ(to_hex(bytes), "007fff");
  EXPECT_EQ(from_hex("007FfF"), bytes);
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
}

TEST(Bytes, Base64UrlFollowsRfc4648) {
  EXPECT_EQ(to_base64url(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(to_base64url(as_bytes("foob")), "Zm9vYg");
  EXPECT_EQ(to_base64url(Bytes{0xfb, 0xff}), "-_8");
  EXPECT_EQ(from_base64url("Zm9vYg"), Bytes({'f', 'o', 'o', 'b'}));
}

TEST(Bytes, Base64UrlHasOneSpelling) {
  EXPECT_EQ(from_base64url("Zm9vYg=="), std::nullopt);
  EXPECT_EQ(from_base64url("Zm9vYh"), std::nullopt);  // trailing bits set
  EXPECT_EQ(from_base64url("Zm9vY"), std::nullopt);
  EXPECT_EQ(from_base64url("Zm+v"), std::nullopt);
}

TEST(ByteReader, StopsForGoodAtTheEnd) {
  const Bytes bytes{1, 2, 3};
  ByteReader in(bytes);
  EXPECT_EQ(in.u16(), 0x0102);
  EXPECT_EQ(in.u16(), 0);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0) << "a reader that failed once stays failed";
}

TEST(Crc32c, MatchesRfc3720) {
  const Bytes zeros(32, 0);
  EXPECT_EQ(crc32c(zeros), 0x8a9136aaU);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xe3069283U);
}

TEST(Uuid, TakesOnlyTheCanonicalForm) {
  const auto id = Uuid::parse("01234567-89ab-4def-8123-456789abcdef");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_string(), "01234567-89ab-4def-8123-456789abcdef");
  EXPECT_FALSE(Uuid::parse("01234567-89AB-4def-8123-456789abcdef"));
  EXPECT_FALSE(Uuid::parse("0123456789ab4def8123456789abcdef"));
  EXPECT_FALSE(Uuid::parse("01234567-89ab-4def-8123-456789abcde/"));
}

}  // namespace
}  // namespace weir
