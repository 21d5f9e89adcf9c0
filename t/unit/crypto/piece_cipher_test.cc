#include "crypto/piece_cipher.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(PieceCipher, OpensWhatItSealed) {
  const ContentKey key = ContentKey::random();
  const PieceContext context{"film", key.kid(), random_uuid(), 3, 65537};
  Bytes plain(65537, 7);
  const Result<Bytes> sealed = PieceCipher(key, context).seal(plain);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->size(), sealed_length(plain.size()));
  EXPECT_EQ(PieceCipher(key, context).open(*sealed).value(), plain);
}

}  // namespace
}  // namespace weir
