#include "runtime/atomic_file.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-atomic-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(AtomicFileTest, AppearsOnlyWhenCommitted) {
  const fs::path target = folder_ / "film";
  auto file = AtomicFile::create(target);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write(as_bytes("whole")));
  EXPECT_FALSE(fs::exists(target));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(text_of(target), "whole");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(AtomicFileTest, DroppedLeavesNothing) {
  {
    auto file = AtomicFile::create(folder_ / "film");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(as_bytes("half")));
    EXPECT_EQ(entries(), 1U);
  }
  EXPECT_EQ(entries(), 0U);
}

TEST_F(AtomicFileTest, MovedFromOwnsNothing) {
  auto first = AtomicFile::create(folder_ / "film");
  ASSERT_TRUE(first);
  {
    AtomicFile second = std::move(*first);
    ASSERT_TRUE(second.write(as_bytes("x")));
    ASSERT_TRUE(second.commit());
  }
  EXPECT_TRUE(fs::exists(folder_ / "film"));
}

TEST_F(AtomicFileTest, KeepsAnExistingTargetUnlessToldToReplace) {
  const fs::path target = folder_ / "key";
  ASSERT_TRUE(write_atomically(target, as_bytes("old"), 0600, false));
  const auto second = write_atomically(target, as_bytes("new"), 0600, false);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(text_of(target), "old");
  EXPECT_EQ(entries(), 1U);
  ASSERT_TRUE(write_atomically(target, as_bytes("new"), 0600, true));
  EXPECT_EQ(text_of(target), "new");
}

TEST_F(AtomicFileTest, HasTheModeAskedLessTheUmask) {
  const mode_t before = ::umask(0027);
  ASSERT_TRUE(write_atomically(folder_ / "key", as_bytes("k"), 0600));
  ASSERT_TRUE(write_atomically(folder_ / "film", as_bytes("f"), 0644));
  ::umask(before);
  struct stat info {};
  ASSERT_EQ(::stat((folder_ / "key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat((folder_ / "film").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST_F(AtomicFileTest, SaysWhichFolderIsMissing) {
  const auto file = AtomicFile::create(folder_ / "absent" / "film");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kNotFound);
  EXPECT_NE(file.error().detail.find("absent"), std::string::npos);
}

TEST_F(AtomicFileTest, AFullDiskIsNoSpaceWithThePathAndTheNeed) {
  // A file-size limit stands in for a full disk: the same path through the code, without a mount.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{4096, old.rlim_max};
  const Bytes data(10000, 7);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto wrote = write_atomically(folder_ / "film", data);
  ::setrlimit(RLIMIT_FSIZE, &old);
  ASSERT_FALSE(wrote);
  EXPECT_EQ(wrote.error().code, ErrorCode::kNoSpace);
  EXPECT_NE(wrote.error().detail.find((folder_ / "film").string()), std::string::npos);
  EXPECT_NE(wrote.error().detail.find("9.8 KiB are needed"), std::string::npos);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(AtomicFileTest, ReadFileRefusesMoreThanItsLimit) {
  ASSERT_TRUE(write_atomically(folder_ / "big", Bytes(1000, 1)));
  EXPECT_TRUE(read_file(folder_ / "big", 1000));
  EXPECT_FALSE(read_file(folder_ / "big", 999));
  EXPECT_EQ(read_file(folder_ / "none", 999).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_file(folder_, 999).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace weir
