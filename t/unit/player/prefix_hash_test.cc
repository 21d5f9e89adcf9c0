#include "player/native/prefix_hash.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "crypto/digest.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class PrefixHashTest : public ::testing::Test {
 protected:
  PrefixHashTest() {
    std::string name = fs::temp_directory_path() / "weir-hash-XXXXXX";
    dir = ::mkdtemp(name.data());
    content.resize(3'000'001);
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i * 7);
    PartialIdentity identity;
    identity.bytes = content.size();
    identity.pieces = 1;
    file.emplace(PartialFile::open(dir / "film", identity).value());
  }
  ~PrefixHashTest() override { fs::remove_all(dir); }
  void write(std::uint64_t from, std::uint64_t to) {
    std::vector<iovec> parts{{content.data() + from, to - from}};
    ASSERT_TRUE(file->write(from, parts));
  }

  fs::path dir;
  Bytes content;
  std::optional<PartialFile> file;
};

TEST_F(PrefixHashTest, FollowsTheFrontAndReadsNothingBeyond) {
  PrefixHash hash(*file, content.size());
  for (const std::uint64_t end : {1ULL, 70'000ULL, 2'500'000ULL, 3'000'001ULL}) {
    EXPECT_FALSE(hash.over_within(std::chrono::milliseconds(0)));
    write(0, end);  // what lies behind the front is still zeros
    hash.reach(end);
  }
  auto digest = hash.finish();
  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, sha256(content));
}

TEST_F(PrefixHashTest, EndsWithoutTheRest) {
  PrefixHash hash(*file, content.size());
  hash.reach(10);
}

TEST_F(PrefixHashTest, SaysWhenTheFileIsCutUnderIt) {
  PrefixHash hash(*file, content.size());
  fs::resize_file(dir / "film.part", 1000);
  hash.reach(content.size());
  ASSERT_TRUE(hash.over_within(std::chrono::seconds(10)));
  EXPECT_FALSE(hash.finish());
}

}  // namespace
}  // namespace weir
