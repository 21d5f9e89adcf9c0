#include "crypto/content_key.h"

#include <cctype>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::string_view kHex =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

TEST(ContentKey, ReadsRawAndHexFiles) {
  const Bytes raw = from_hex(kHex).value();
  for (const std::string& text : {std::string(kHex), std::string(kHex) + "\n",
                                  std::string(kHex) + "\r\n", std::string(as_chars(raw))}) {
    const Result<ContentKey> key = ContentKey::parse(as_bytes(text));
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->view()), kHex);
    EXPECT_EQ(key->to_hex_file(), std::string(kHex) + "\n");
  }
  std::string upper(kHex);
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(to_hex(ContentKey::parse(as_bytes(upper))->view()), kHex);
}

TEST(ContentKey, RefusesAnythingElseWithoutShowingIt) {
  std::string not_hex(kHex);
  not_hex[5] = 'g';
  for (const std::string& text :
       {std::string(), std::string(31, 'x'), std::string(33, 'x'), std::string(kHex.substr(1)),
        std::string(kHex) + "0", std::string(kHex) + "\n\n", " " + std::string(kHex), not_hex,
        std::string(100'000, 'a')}) {
    const Result<ContentKey> key = ContentKey::parse(as_bytes(text));
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::kKeyMalformed);
    if (text.size() > 40) {
      EXPECT_EQ(key.error().detail.find(text.substr(6, 8)), std::string::npos);
    }
  }
}

TEST(ContentKey, IsNamedByAVersion8Uuid) {
  const ContentKey key = ContentKey::parse(as_bytes(kHex)).value();
  const Uuid kid = key.kid();
  EXPECT_EQ(kid.bytes[6] >> 4, 8);
  EXPECT_EQ(kid.bytes[8] >> 6, 2);
  EXPECT_EQ(kid, ContentKey::parse(as_bytes(kHex))->kid());
  EXPECT_NE(kid, ContentKey::random().kid());
}

TEST(Random, IsNeverTheSame) {
  EXPECT_NE(to_hex(ContentKey::random().view()), to_hex(ContentKey::random().view()));
  const Uuid id = random_uuid();
  EXPECT_NE(id, random_uuid());
  EXPECT_EQ(id.bytes[6] >> 4, 4);
  EXPECT_EQ(id.bytes[8] >> 6, 2);
}

}  // namespace
}  // namespace weir
