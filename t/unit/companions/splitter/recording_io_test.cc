#include "companions/splitter/recording_io.h"

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/interrupt.h"

namespace weir {
namespace {

class RecordingIoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "weir-io-XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    ASSERT_GE(fd, 0);
    ::close(fd);
    path_ = name;
    std::ofstream(path_) << std::string(100'000, 'x');
  }
  void TearDown() override { std::filesystem::remove(path_); }

  SourceFile open() const { return std::move(*SourceFile::open(path_)); }
  static void read(RecordingIo& io, std::int64_t at, int size) {
    avio_seek(io.context(), at, SEEK_SET);
    Bytes out(static_cast<std::size_t>(size));
    avio_read(io.context(), out.data(), size);
  }

  std::filesystem::path path_;
};

TEST_F(RecordingIoTest, NotesWhatIsReadInTheOrderOfReading) {
  const SourceFile source = open();
  RecordingIo io(source, 512);
  read(io, 90'000, 100);  // far enough that FFmpeg does not read its way there
  read(io, 0, 100);
  EXPECT_EQ(io.reads(), (std::vector<ByteRange>{{90'000, 512}, {0, 512}}));
}

TEST_F(RecordingIoTest, AReadThatContinuesTheLastIsPartOfIt) {
  const SourceFile source = open();
  RecordingIo io(source, 512);
  for (int i = 0; i < 4; ++i) avio_r8(io.context());
  read(io, 512, 1000);
  ASSERT_EQ(io.reads().size(), 1U);
  EXPECT_EQ(io.reads()[0].offset, 0U);
  EXPECT_GE(io.reads()[0].length, 1512U);
  EXPECT_GE(io.calls(), 2U);
}

TEST_F(RecordingIoTest, NothingIsNotedBeyondTheEndOrAfterStopping) {
  const SourceFile source = open();
  RecordingIo io(source, 512);
  read(io, 99'900, 512);
  ASSERT_EQ(io.reads().size(), 1U);
  EXPECT_EQ(io.reads()[0].end(), 100'000U);
  io.stop_recording();
  read(io, 0, 100);
  EXPECT_EQ(io.reads().size(), 1U);
}

TEST_F(RecordingIoTest, ASignalEndsTheDemuxersReading) {
  const SourceFile source = open();
  RecordingIo io(source, 512);
  set_interrupt_for_test(SIGINT);
  read(io, 0, 100);
  set_interrupt_for_test(0);
  ASSERT_FALSE(io.failure());
  EXPECT_EQ(io.failure().error().code, ErrorCode::kInterrupted);
}

TEST_F(RecordingIoTest, ASourceThatChangesIsNoticed) {
  const SourceFile source = open();
  EXPECT_TRUE(source.check_unchanged());
  Bytes out(1000);
  EXPECT_TRUE(source.read(out, 99'000));
  std::filesystem::resize_file(path_, 99'500);
  EXPECT_EQ(source.read(out, 99'000).error().code, ErrorCode::kIo) << "shorter";
  EXPECT_FALSE(source.check_unchanged());
  std::filesystem::resize_file(path_, 100'000);
  const timespec times[2] = {{0, 0}, {1, 0}};
  ::utimensat(AT_FDCWD, path_.c_str(), times, 0);
  EXPECT_FALSE(source.check_unchanged()) << "same size, another time";
}

TEST_F(RecordingIoTest, WhatIsNoFilmIsNotOpened) {
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(SourceFile::open(path_).error().code, ErrorCode::kFormatIncorrect);
  EXPECT_EQ(SourceFile::open("/dev/zero").error().code, ErrorCode::kFormatIncorrect);
  EXPECT_EQ(SourceFile::open(path_ / "x").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace weir
