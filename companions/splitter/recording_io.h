// The source as FFmpeg sees it: our own I/O layer below the demuxer, which notes every read. What
// was read while the demuxer opened the film is the media header: the bytes any player needs first.
// One thread at a time; the SourceFile must outlive every RecordingIo on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "companions/splitter/ffmpeg.h"
#include "core/title/header_file.h"
#include "runtime/files.h"

namespace weir {

// A regular file that must not change while it is split.
class SourceFile {
 public:
  // kNotFound, kIo; kFormatIncorrect when it is empty or no regular file.
  static Result<SourceFile> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return path_; }
  std::string name() const { return path_.filename().string(); }
  std::uint64_t size() const noexcept { return size_; }
  int fd() const noexcept { return fd_.get(); }

  // Exactly out.size() bytes; kIo when the file became shorter.
  Status read(MutableBytes out, std::uint64_t offset) const;
  // kIo when size or time of modification differ from when it was opened.
  Status check_unchanged() const;

 private:
  std::filesystem::path path_;
  Fd fd_;
  std::uint64_t size_ = 0;
  std::int64_t modified_ns_ = 0;
};

class RecordingIo {
 public:
  // FFmpeg asks for `buffer_bytes` at a time; a small buffer keeps the record close to what the
  // demuxer looks at.
  RecordingIo(const SourceFile& source, int buffer_bytes);
  RecordingIo(const RecordingIo&) = delete;
  RecordingIo& operator=(const RecordingIo&) = delete;

  AVIOContext* context() noexcept { return io_.get(); }

  // Reads in the order made; one that continues where the last ended is added to it. A byte read
  // twice is there twice.
  const std::vector<ByteRange>& reads() const noexcept { return reads_; }
  std::uint64_t calls() const noexcept { return calls_; }
  void stop_recording() noexcept { recording_ = false; }

  // Why the last read failed, when it was not the demuxer's fault: a signal or the disk.
  const Status& failure() const noexcept { return failure_; }

 private:
  static int on_read(void* self, std::uint8_t* out, int size) noexcept;
  static std::int64_t on_seek(void* self, std::int64_t offset, int whence) noexcept;
  int read(std::uint8_t* out, int size);
  void note(std::uint64_t offset, std::uint64_t length);

  const SourceFile& source_;
  std::uint64_t at_ = 0;
  bool recording_ = true;
  std::uint64_t calls_ = 0;
  std::vector<ByteRange> reads_;
  Status failure_;
  AvIo io_;
};

}  // namespace weir
