#include "companions/splitter/merger.h"

#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include "companions/splitter/verifier.h"
#include "crypto/digest.h"
#include "runtime/files.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class PiecesInMemory final : public PieceSource {
 public:
  Result<Bytes> fetch(const Piece& piece) override {
    const auto found = pieces.find(piece.id);
    if (found == pieces.end()) return fail(ErrorCode::kPieceMissing, piece.id.to_string());
    return found->second;
  }
  std::map<Uuid, Bytes> pieces;
};

// A source of 1,000 bytes: media header 0..100 and 900..1000, eight pieces of 100 between them.
class MergerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-merger-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    source_.resize(1000);
    random_bytes(source_);
    const ByteView all = source_;
    header_.info.title = "film";
    header_.info.source_bytes = all.size();
    header_.info.source_sha256 = sha256(all);
    header_.media_header.ranges = {{0, 100}, {900, 100}};
    header_.media_header.payload.assign(source_.begin(), source_.begin() + 100);
    header_.media_header.payload.insert(header_.media_header.payload.end(), source_.end() - 100,
                                        source_.end());
    Rendition rendition;
    rendition.bytes = all.size();
    for (std::uint64_t at = 100; at < 900; at += 100) {
      const ByteView plain = all.subspan(at, 100);
      Piece piece;
      piece.id = random_uuid();
      piece.offset = at;
      piece.plain_bytes = piece.stored_bytes = 100;
      piece.sha256 = sha256(plain);
      rendition.pieces.push_back(piece);
      pieces_.pieces[piece.id] = Bytes(plain.begin(), plain.end());
    }
    header_.renditions.push_back(rendition);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<Merged> merge() {
    const auto opener = PieceOpener::make(header_, std::nullopt);
    return merge_title(header_, *opener, pieces_, folder_ / "out",
                       [](std::uint64_t, std::uint64_t) {});
  }
  Piece& piece(std::size_t index) { return header_.renditions[0].pieces[index]; }

  fs::path folder_;
  Bytes source_;
  HeaderFile header_;
  PiecesInMemory pieces_;
};

TEST_F(MergerTest, PutsRangesAndPiecesInOrder) {
  const auto merged = merge();
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->bytes, 1000U);
  EXPECT_EQ(merged->pieces, 8U);
  EXPECT_EQ(*read_file(folder_ / "out", 10'000), source_);
}

TEST_F(MergerTest, APieceThatFitsItsOwnHashButNotTheFilmIsRefused) {
  pieces_.pieces[piece(3).id] = Bytes(100, 7);
  piece(3).sha256 = sha256(Bytes(100, 7));
  const auto merged = merge();
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, ErrorCode::kHeaderCorrupt);
  EXPECT_TRUE(fs::is_empty(folder_)) << "the file never appears";
}

TEST_F(MergerTest, AMissingPieceEndsItByName) {
  pieces_.pieces.erase(piece(7).id);
  const auto merged = merge();
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, ErrorCode::kPieceMissing);
  EXPECT_NE(merged.error().detail.find(piece(7).id.to_string()), std::string::npos);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(MergerTest, AProtectedTitleAsksForItsKey) {
  header_.info.protection.policy = Protect::kAll;
  EXPECT_EQ(PieceOpener::make(header_, std::nullopt).error().code, ErrorCode::kKeyMissing);
  EXPECT_EQ(PieceOpener::make(header_, ContentKey::random()).error().code, ErrorCode::kKeyWrong);
}

TEST_F(MergerTest, VerifyGoesOnAfterTheFirstFault) {
  pieces_.pieces.erase(piece(1).id);
  pieces_.pieces[piece(4).id][50] ^= 1;
  pieces_.pieces[piece(6).id].push_back(0);
  const auto verified =
      verify_title(header_, nullptr, pieces_, [](std::uint64_t, std::uint64_t) {});
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->pieces, 8U);
  ASSERT_EQ(verified->faults.size(), 3U);
  EXPECT_EQ(verified->missing(), 1U);
  EXPECT_EQ(verified->faults[1].index, 4U);
  EXPECT_EQ(verified->faults[2].error.code, ErrorCode::kPieceCorrupt);
}

}  // namespace
}  // namespace weir
