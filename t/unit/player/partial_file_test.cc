#include "player/native/partial_file.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace weir {
namespace {

namespace fs = std::filesystem;

class PartialFileTest : public ::testing::Test {
 protected:
  PartialFileTest() {
    std::string name = fs::temp_directory_path() / "weir-partial-XXXXXX";
    dir = ::mkdtemp(name.data());
    target = dir / "film.mp4";
  }
  ~PartialFileTest() override { fs::remove_all(dir); }

  static PartialIdentity identity(std::uint8_t revision = 1) {
    PartialIdentity out;
    out.revision.bytes[0] = revision;
    out.header_sha256[0] = revision;
    out.pieces = 10;
    out.bytes = 1000;
    return out;
  }
  PartialFile open(const PartialIdentity& what = identity()) {
    auto file = PartialFile::open(target, what);
    EXPECT_TRUE(file) << (file ? "" : file.error().detail);
    return std::move(file).value();
  }
  void put(PartialFile& file, std::uint32_t piece) {
    Bytes bytes(100, static_cast<std::uint8_t>('a' + piece));
    std::vector<iovec> parts{{bytes.data(), 40}, {bytes.data() + 40, 60}};
    EXPECT_TRUE(file.write(piece * 100, parts));
    EXPECT_TRUE(file.note(piece));
  }
  static std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void spill(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  fs::path state() const { return dir / "film.mp4.part.state"; }
  fs::path part() const { return dir / "film.mp4.part"; }
  std::string held(PartialFile& file) {
    std::string out;
    for (std::uint32_t i = 0; i < 10; ++i) {
      if (file.has(i)) out += static_cast<char>('0' + static_cast<int>(i));
    }
    return out;
  }

  fs::path dir, target;
};

using Found = PartialFile::Found;

TEST_F(PartialFileTest, GoesOnWhereItEnded) {
  {
    PartialFile file = open();
    EXPECT_EQ(file.found(), Found::kNothing);
    put(file, 3);
    put(file, 7);
    put(file, 3);
  }
  PartialFile file = open();
  EXPECT_EQ(file.found(), Found::kResumed);
  EXPECT_EQ(held(file), "37");
  EXPECT_EQ(file.count(), 2U);
  put(file, 0);
  EXPECT_EQ(slurp(part()).substr(0, 100), std::string(100, 'a'));
  EXPECT_EQ(slurp(part()).substr(300, 100), std::string(100, 'd'));
}

TEST_F(PartialFileTest, CommitGivesTheNameAndTakesTheStateAway) {
  {
    PartialFile file = open();
    for (std::uint32_t i = 0; i < 10; ++i) put(file, i);
    ASSERT_TRUE(file.commit(false));
  }
  EXPECT_EQ(slurp(target).size(), 1000U);
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_FALSE(fs::exists(state()));
}

TEST_F(PartialFileTest, CommitReplacesOnlyWhenTold) {
  PartialFile file = open();
  spill(target, "precious");
  const Status done = file.commit(false);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(slurp(target), "precious");
  EXPECT_TRUE(fs::exists(part()));
  EXPECT_TRUE(file.commit(true));
  EXPECT_NE(slurp(target), "precious");
}

TEST_F(PartialFileTest, AnotherRevisionStartsAnew) {
  {
    PartialFile file = open();
    put(file, 3);
  }
  PartialFile file = open(identity(2));
  EXPECT_EQ(file.found(), Found::kOtherRevision);
  EXPECT_EQ(held(file), "");
  EXPECT_EQ(slurp(part()), std::string(1000, '\0'));
}

TEST_F(PartialFileTest, EveryFieldOfTheIdentityCounts) {
  std::vector<PartialIdentity> others(5, identity());
  others[0].revision.bytes[15] = 9;
  others[1].header_sha256[31] = 9;
  others[2].rendition = 1;
  others[3].pieces = 11;
  others[4].bytes = 1001;
  for (const PartialIdentity& other : others) {
    fs::remove(state());
    fs::remove(part());
    {
      PartialFile file = open();
      put(file, 3);
    }
    EXPECT_EQ(open(other).found(), Found::kOtherRevision);
  }
}

TEST_F(PartialFileTest, AStateCutAnywhereKeepsWhatIsWholeAndNothingElse) {
  {
    PartialFile file = open();
    for (const std::uint32_t piece : {5U, 1U, 9U}) put(file, piece);
  }
  const std::string whole = slurp(state());
  const std::string data = slurp(part());
  const std::size_t head = whole.size() - 3 * 8;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    spill(state(), whole.substr(0, size));
    spill(part(), data);
    PartialFile file = open();
    const std::size_t records = size < head ? 0 : (size - head) / 8;
    EXPECT_EQ(file.count(), records) << size;
    EXPECT_EQ(file.found(), size < head ? Found::kUnreadable : Found::kResumed) << size;
    put(file, 0);
    put(file, 2);
    file = PartialFile::open(dir / "other", identity()).value();  // lets go of the first
    EXPECT_EQ(open().count(), records + 2) << size;
  }
}

TEST_F(PartialFileTest, AFlippedBitNeverClaimsAPiece) {
  {
    PartialFile file = open();
    for (const std::uint32_t piece : {5U, 1U, 9U}) put(file, piece);
  }
  const std::string whole = slurp(state());
  const std::string data = slurp(part());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const unsigned bit : {1U, 64U}) {
      std::string bad = whole;
      bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ bit);
      spill(state(), bad);
      spill(part(), data);
      PartialFile file = open();
      for (std::uint32_t i = 0; i < 10; ++i) {
        EXPECT_TRUE(!file.has(i) || i == 5 || i == 1 || i == 9) << at;
      }
      EXPECT_LT(file.count(), 3U) << at;
    }
  }
}

TEST_F(PartialFileTest, AShortPartFileIsNotBelieved) {
  {
    PartialFile file = open();
    put(file, 3);
  }
  fs::resize_file(part(), 350);
  PartialFile file = open();
  EXPECT_EQ(file.found(), Found::kUnreadable);
  EXPECT_EQ(file.count(), 0U);
}

TEST_F(PartialFileTest, AForeignPartFileIsLeftAlone) {
  spill(part(), "a browser's download");
  auto file = PartialFile::open(target, identity());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(slurp(part()), "a browser's download");
  EXPECT_FALSE(fs::exists(state()));
  EXPECT_TRUE(PartialFile::open(target, identity(), true));
}

TEST_F(PartialFileTest, OneProcessAtATime) {
  PartialFile file = open();
  auto second = PartialFile::open(target, identity());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
  EXPECT_NE(second.error().detail.find("another process"), std::string::npos);
}

TEST_F(PartialFileTest, ForgetIsRemembered) {
  {
    PartialFile file = open();
    for (const std::uint32_t piece : {5U, 1U, 9U}) put(file, piece);
    ASSERT_TRUE(file.forget({1, 2}));
    EXPECT_EQ(held(file), "59");
    put(file, 0);
  }
  PartialFile file = open();
  EXPECT_EQ(held(file), "059");
}

TEST_F(PartialFileTest, MoreThanTheDiskHoldsIsSaidBeforeAnythingIsWritten) {
  PartialIdentity huge = identity();
  huge.bytes = 1ULL << 60;
  auto file = PartialFile::open(target, huge);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kNoSpace);
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_FALSE(fs::exists(state()));
}

TEST_F(PartialFileTest, NoFolderNoFile) {
  target = dir / "nowhere" / "film.mp4";
  auto file = PartialFile::open(target, identity());
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().detail.find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace weir
