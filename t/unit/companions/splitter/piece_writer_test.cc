#include "companions/splitter/piece_writer.h"

#include <cstdlib>
#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include "companions/splitter/piece_opener.h"
#include "crypto/digest.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class PieceWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-writer-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static SealContext context(Protect policy) {
    SealContext out;
    out.title = "film";
    out.protection.policy = policy;
    if (policy != Protect::kNone) {
      out.key = ContentKey::random();
      out.protection.kid = out.key->kid();
    }
    if (policy == Protect::kPartial) out.protection.every = 3;
    return out;
  }
  static Bytes plain(std::size_t index, std::size_t size) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(index * 31 + i * 7);
    return out;
  }
  static Status add(PieceWriter& writer, ByteView bytes) {
    auto buffer = writer.take_buffer(bytes.size());
    if (!buffer) return tl::unexpected(buffer.error());
    std::memcpy(buffer->extend(bytes.size()), bytes.data(), bytes.size());
    return writer.add(std::move(*buffer), Piece{});
  }

  fs::path folder_;
};

TEST_F(PieceWriterTest, KeepsTheOrderWhateverThreadIsFirst) {
  auto staging = Staging::create(folder_ / "lib");
  ASSERT_TRUE(staging);
  for (const Protect policy : {Protect::kNone, Protect::kPartial, Protect::kAll}) {
    const SealContext seal = context(policy);
    PieceWriter writer(*staging, seal, 1 << 20, 4);
    constexpr std::size_t kPieces = 60;
    for (std::size_t i = 0; i < kPieces; ++i) {
      ASSERT_TRUE(add(writer, plain(i, i % 2 == 0 ? 1 + i * 3000 : 1)));
    }
    const auto pieces = writer.finish();
    ASSERT_TRUE(pieces);
    ASSERT_EQ(pieces->size(), kPieces);
    HeaderFile header;
    header.info.title = seal.title;
    header.info.protection = seal.protection;
    const auto opener = PieceOpener::make(header, seal.key);
    ASSERT_TRUE(opener);
    for (std::uint32_t i = 0; i < kPieces; ++i) {
      const Piece& piece = (*pieces)[i];
      const auto stored = read_file(staging->piece(piece.id), kMaxPieceBytes);
      ASSERT_TRUE(stored);
      EXPECT_TRUE(PieceOpener::check_stored(piece, *stored));
      EXPECT_EQ(opener->open(piece, i, *stored), plain(i, piece.plain_bytes)) << i;
      EXPECT_EQ(piece.sealed,
                policy == Protect::kAll || (policy == Protect::kPartial && i % 3 == 0));
    }
  }
}

TEST_F(PieceWriterTest, ReturnsTheFirstFaultAndNeverHangs) {
  auto staging = Staging::create(folder_ / "lib");
  ASSERT_TRUE(staging);
  const SealContext seal = context(Protect::kNone);
  PieceWriter writer(*staging, seal, 1 << 20, 2);
  fs::remove_all(staging->folder());
  Status status;
  for (int i = 0; i < 10'000 && status; ++i) status = add(writer, plain(0, 100'000));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(writer.finish());
}

TEST_F(PieceWriterTest, DroppedInTheMiddleItStops) {
  auto staging = Staging::create(folder_ / "lib");
  ASSERT_TRUE(staging);
  const SealContext seal = context(Protect::kAll);
  PieceWriter writer(*staging, seal, 1 << 20, 2);
  for (std::size_t i = 0; i < 20; ++i) ASSERT_TRUE(add(writer, plain(i, 50'000)));
}

TEST_F(PieceWriterTest, AnUnpublishedStagingTakesAwayWhatItMade) {
  {
    auto staging = Staging::create(folder_ / "a" / "b");
    ASSERT_TRUE(staging);
    EXPECT_TRUE(fs::exists(folder_ / "a" / "b"));
  }
  EXPECT_FALSE(fs::exists(folder_ / "a"));
  fs::create_directories(folder_ / "a");
  { ASSERT_TRUE(Staging::create(folder_ / "a" / "b")); }
  EXPECT_TRUE(fs::exists(folder_ / "a")) << "what was there stays";
  EXPECT_FALSE(fs::exists(folder_ / "a" / "b"));
}

TEST_F(PieceWriterTest, AMediaHeaderIsSealedWithItsOwnIndex) {
  const SealContext seal = context(Protect::kAll);
  const Bytes bytes = plain(1, 70'000);
  const auto media = make_media_header(seal, {{0, 70'000}}, bytes);
  ASSERT_TRUE(media);
  EXPECT_TRUE(media->sealed);
  EXPECT_EQ(media->payload.size(), sealed_length(70'000));
  HeaderFile header;
  header.info.title = seal.title;
  header.info.protection = seal.protection;
  header.media_header = *media;
  EXPECT_EQ(PieceOpener::make(header, seal.key)->open_media_header(), bytes);
  EXPECT_TRUE(make_media_header(seal, {}, {})->ranges.empty());
}

}  // namespace
}  // namespace weir
