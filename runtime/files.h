// Local files, with errors that name the path and say what failed. Every call may block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace weir {

// Owns a file descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) noexcept : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  int get() const noexcept { return fd_; }
  int release() noexcept;
  void reset() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

// An Error for a system call that just failed with `error_number` on `path`: kNoSpace for a full
// disk, quota or file-size limit (with what is free, and `wanted` when not zero), kNotFound for a
// path that is not there, else kIo.
Error file_error(int error_number, const std::filesystem::path& path, std::string_view doing,
                 std::uint64_t wanted = 0);

Result<Fd> open_to_read(const std::filesystem::path& path);

// A whole file of at most `limit` bytes; more is kIo ("is larger than ...").
Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t limit);

// All of `data`, through short writes and EINTR. `wanted` is what the whole file needs, for the
// message.
Status write_all(int fd, ByteView data, const std::filesystem::path& path,
                 std::uint64_t wanted = 0);

// Up to out.size() bytes at `offset`; fewer only at the end of the file.
Result<std::size_t> read_at(int fd, MutableBytes out, std::uint64_t offset,
                            const std::filesystem::path& path);

Status sync_directory(const std::filesystem::path& directory);

}  // namespace weir
