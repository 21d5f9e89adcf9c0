// A file that appears whole or not at all: written beside its target under a temporary name
// (`.NAME.tmp-XXXXXX`), synced, then renamed. Dropped without commit() it leaves nothing.
// One owner, one thread at a time. What cannot be written comes back as kNoSpace or kIo naming the
// path.
#pragma once

#include <filesystem>

#include "runtime/files.h"

namespace weir {

class AtomicFile {
 public:
  // `wanted` is how much will be written when known: only for the message of a full disk.
  static Result<AtomicFile> create(std::filesystem::path target, unsigned mode = 0644,
                                   std::uint64_t wanted = 0);
  ~AtomicFile();
  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) noexcept;

  Status write(ByteView data) { return write_all(fd_.get(), data, target_, wanted_); }
  int fd() const noexcept { return fd_.get(); }

  // Makes the file durable and gives it its name. Without `replace` an existing target is
  // kAlreadyExists and stays as it is. Once, last.
  Status commit(bool replace = true);

 private:
  AtomicFile(std::filesystem::path target, std::filesystem::path temporary, Fd fd,
             std::uint64_t wanted) noexcept;
  void discard() noexcept;

  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty when committed or moved from
  Fd fd_;
  std::uint64_t wanted_ = 0;
};

// create, write, commit.
Status write_atomically(const std::filesystem::path& target, ByteView data, unsigned mode = 0644,
                        bool replace = true);

}  // namespace weir
