#include "crypto/piece_cipher.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "t/unit/core/title/sample_header.h"
#include "t/unit/crypto/golden.h"
#include "t/unit/crypto/sealed_film.h"

namespace weir {
namespace {

constexpr std::size_t kStored = kRecordBytes + kRecordTagBytes;

class PieceCipherTest : public testing::Test {
 protected:
  PieceContext context(std::uint64_t plain_bytes) const {
    return {"film", key_.kid(), sample::uuid(1), 3, plain_bytes};
  }
  PieceCipher cipher(std::uint64_t plain_bytes) const { return {key_, context(plain_bytes)}; }
  Bytes sealed(const Bytes& plain) const { return cipher(plain.size()).seal(plain).value(); }
  static ErrorCode refusal(const Result<Bytes>& opened) {
    EXPECT_FALSE(opened);
    return opened ? ErrorCode::kInternal : opened.error().code;
  }

  ContentKey key_ = sample::content_key();
};

TEST_F(PieceCipherTest, OpensWhatItSealed) {
  for (const std::size_t bytes : {1UL, 15UL, 16UL, 17UL, 65535UL, 65536UL, 65537UL, 200'000UL}) {
    const Bytes plain = golden::plain_bytes(bytes);
    const Bytes stored = sealed(plain);
    EXPECT_EQ(stored.size(), sealed_length(bytes));
    EXPECT_EQ(cipher(bytes).open(stored).value(), plain);
    EXPECT_EQ(cipher(bytes).records(), (bytes + kRecordBytes - 1) / kRecordBytes);
  }
}

TEST_F(PieceCipherTest, OpensRecordsInAnyOrderAndInPlace) {
  const Bytes plain = golden::plain_bytes(150'000);
  Bytes stored = sealed(plain);
  PieceCipher c = cipher(plain.size());
  for (const std::uint32_t i : {2U, 0U, 1U}) {
    const std::size_t length = std::min(kStored, stored.size() - i * kStored);
    const MutableBytes place(stored.data() + i * kStored, length);
    ASSERT_TRUE(c.open_record(i, place, place.first(length - kRecordTagBytes)));
    EXPECT_TRUE(std::equal(place.begin(), place.end() - kRecordTagBytes,
                           plain.begin() + static_cast<std::ptrdiff_t>(i) * kRecordBytes));
  }
}

TEST_F(PieceCipherTest, SealsInPlaceAndInAnyOrder) {
  const Bytes plain = golden::plain_bytes(70'000);
  const Bytes expected = sealed(plain);
  PieceCipher c = cipher(plain.size());
  Bytes last(plain.begin() + kRecordBytes, plain.end());
  const std::size_t rest = last.size();
  last.resize(rest + kRecordTagBytes);
  ASSERT_TRUE(c.seal_record(1, ByteView(last).first(rest), last));
  EXPECT_TRUE(std::equal(last.begin(), last.end(), expected.begin() + kStored));
  Bytes first(plain.begin(), plain.begin() + kRecordBytes);
  first.resize(kStored);
  ASSERT_TRUE(c.seal_record(0, ByteView(first).first(kRecordBytes), first));
  EXPECT_TRUE(std::equal(first.begin(), first.end(), expected.begin()));
}

TEST_F(PieceCipherTest, RefusesEveryFlippedBit) {
  const Bytes stored = sealed(golden::plain_bytes(40));
  PieceCipher c = cipher(40);
  for (std::size_t i = 0; i < stored.size() * 8; ++i) {
    Bytes flipped = stored;
    flipped[i / 8] ^= static_cast<std::uint8_t>(1U << i % 8);
    EXPECT_EQ(refusal(c.open(flipped)), ErrorCode::kPieceCorrupt);
  }
  EXPECT_TRUE(c.open(stored)) << "a refusal leaves the cipher as it was";
}

TEST_F(PieceCipherTest, RefusesCutAndLengthenedPieces) {
  const Bytes plain = golden::plain_bytes(2 * kRecordBytes);
  const Bytes stored = sealed(plain);
  const auto cut = [&stored](std::size_t length) {
    return Bytes(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(length));
  };
  for (const std::size_t length : {std::size_t{0}, std::size_t{15}, std::size_t{16}, kStored,
                                   kStored + 1, stored.size() - 16, stored.size() - 1}) {
    EXPECT_EQ(refusal(cipher(plain.size()).open(cut(length))), ErrorCode::kPieceCorrupt) << length;
  }
  // Cut at a record, with a context that believes it: the length is bound into the key, and the
  // first record was not sealed as the last.
  EXPECT_EQ(refusal(cipher(kRecordBytes).open(cut(kStored))), ErrorCode::kPieceCorrupt);
  Bytes longer = stored;
  longer.push_back(0);
  EXPECT_EQ(refusal(cipher(plain.size()).open(longer)), ErrorCode::kPieceCorrupt);
}

TEST_F(PieceCipherTest, RefusesSwappedRecordsAndPieces) {
  const Bytes plain = golden::plain_bytes(3 * kRecordBytes);
  const Bytes stored = sealed(plain);
  Bytes swapped = stored;
  std::swap_ranges(swapped.begin(), swapped.begin() + kStored, swapped.begin() + kStored);
  EXPECT_EQ(refusal(cipher(plain.size()).open(swapped)), ErrorCode::kPieceCorrupt);
  const auto opens_as = [&](const PieceContext& other) {
    return PieceCipher(key_, other).open(stored).has_value();
  };
  const PieceContext right = context(plain.size());
  EXPECT_TRUE(opens_as(right));
  PieceContext wrong = right;
  wrong.title = "film2";
  EXPECT_FALSE(opens_as(wrong));
  wrong = right;
  wrong.kid = sample::uuid(9);
  EXPECT_FALSE(opens_as(wrong));
  wrong = right;
  wrong.piece = sample::uuid(9);
  EXPECT_FALSE(opens_as(wrong));
  wrong = right;
  wrong.index = 4;
  EXPECT_FALSE(opens_as(wrong));
}

TEST_F(PieceCipherTest, TheCommitmentGivesAWrongKeyAway) {
  const PieceCipher right = cipher(100);
  EXPECT_TRUE(cipher(100).check_commitment(right.commitment()));
  const PieceCipher wrong(ContentKey::random(), context(100));
  const Status refused = wrong.check_commitment(right.commitment());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kKeyWrong);
  Digest almost = right.commitment();
  almost[31] ^= 1;
  EXPECT_FALSE(right.check_commitment(almost));
}

TEST_F(PieceCipherTest, RefusesRecordsThatThePieceHasNot) {
  PieceCipher c = cipher(kRecordBytes + 10);
  Bytes out(kStored);
  const Bytes plain(kRecordBytes);
  const auto seal = [&](std::uint32_t counter, std::size_t bytes, std::size_t room) {
    const Status done =
        c.seal_record(counter, ByteView(plain).first(bytes), MutableBytes(out).first(room));
    return done ? ErrorCode::kInternal : done.error().code;
  };
  EXPECT_EQ(seal(0, kRecordBytes, kStored), ErrorCode::kInternal) << "which is none";
  EXPECT_EQ(seal(1, 10, 26), ErrorCode::kInternal);
  EXPECT_EQ(seal(2, 10, 26), ErrorCode::kBadArgument);
  EXPECT_EQ(seal(0xffffffff, 10, 26), ErrorCode::kBadArgument);
  EXPECT_EQ(seal(1, 9, 26), ErrorCode::kBadArgument);
  EXPECT_EQ(seal(1, 11, 27), ErrorCode::kBadArgument);
  EXPECT_EQ(seal(1, 0, 26), ErrorCode::kBadArgument);
  EXPECT_EQ(seal(1, 10, 25), ErrorCode::kBadArgument) << "no room for the tag";
  EXPECT_EQ(c.open_record(2, Bytes(26), out).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(c.open_record(1, Bytes(25), out).error().code, ErrorCode::kPieceCorrupt);
  EXPECT_EQ(c.open_record(1, Bytes(0), out).error().code, ErrorCode::kPieceCorrupt);
  EXPECT_EQ(c.open_record(1, Bytes(26), MutableBytes(out).first(9)).error().code,
            ErrorCode::kBadArgument);
  EXPECT_EQ(c.seal(Bytes(5)).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(cipher(0).seal({}).error().code, ErrorCode::kBadArgument) << "no piece is empty";
  EXPECT_EQ(refusal(cipher(0).open({})), ErrorCode::kPieceCorrupt);
}

TEST_F(PieceCipherTest, LeavesNothingOfWhatIsNotAuthentic) {
  const Bytes plain(1000, 0x77);
  Bytes stored = sealed(plain);
  stored[500] ^= 1;
  Bytes out(1000, 0x55);
  EXPECT_FALSE(cipher(1000).open_record(0, stored, out));
  EXPECT_EQ(out, Bytes(1000, 0));
  EXPECT_EQ(ERR_peek_error(), 0U) << "nothing is left for the next TLS call to trip over";
}

TEST_F(PieceCipherTest, MayBeMoved) {
  PieceCipher first = cipher(100);
  PieceCipher second = std::move(first);
  first = cipher(50);
  const Bytes plain = golden::plain_bytes(100);
  EXPECT_EQ(second.seal(plain).value(), sealed(plain));
}

}  // namespace
}  // namespace weir
