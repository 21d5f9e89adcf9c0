// A file that grows piece by piece and survives whatever ends the program: FILE.part holds the
// bytes, each at its final place, FILE.part.state which pieces of which revision are there. The
// same command later goes on from there; commit() makes it durable and gives it its name.
//
// The state is a head (what is being fetched) and a journal: a piece is noted only after its bytes
// were written, and a torn or damaged end of the journal is cut off. So after kill -9 nothing noted
// is missing; after a power cut it may be, which the check of the whole file finds (forget() and
// fetch again). One process at a time (flock), one thread. Errors name the file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/uio.h>

#include "core/base/bytes.h"
#include "core/base/uuid.h"
#include "runtime/files.h"

namespace weir {

// What is fetched: a state of anything else is of no use.
struct PartialIdentity {
  Uuid revision;
  Digest header_sha256{};
  std::uint32_t rendition = 0;
  std::uint32_t pieces = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const PartialIdentity&, const PartialIdentity&) = default;
};

class PartialFile {
 public:
  enum class Found : std::uint8_t {
    kNothing,
    kResumed,        // of this very revision
    kOtherRevision,  // begun for something else: started anew
    kUnreadable,     // the state was damaged or alone: started anew
  };

  // Opens or begins TARGET.part and makes room for all of it (kNoSpace when there is none: nothing
  // is lost, and what was begun just now is taken away again). kAlreadyExists when another process
  // is at it, or when a TARGET.part is there that is not ours (unless `force`: it is written over).
  static Result<PartialFile> open(std::filesystem::path target, const PartialIdentity& identity,
                                  bool force = false);
  ~PartialFile();
  PartialFile(PartialFile&&) noexcept;
  PartialFile& operator=(PartialFile&&) noexcept;

  Found found() const noexcept { return found_; }
  bool has(std::uint32_t piece) const noexcept { return done_[piece]; }
  std::uint32_t count() const noexcept { return count_; }

  // All of `parts`, which may be changed, one behind the other from `offset`.
  Status write(std::uint64_t offset, std::vector<iovec>& parts);
  Status note(std::uint32_t piece);  // its bytes were written
  Status forget(const std::vector<std::uint32_t>& pieces);

  Result<std::size_t> read(std::uint64_t offset, MutableBytes out) const;

  // Durable, then renamed to the target (replacing it only if `replace`), the state removed.
  Status commit(bool replace);

  void discard() noexcept;  // takes both files away

  const std::filesystem::path& part_path() const noexcept { return part_; }

 private:
  PartialFile(std::filesystem::path target, const PartialIdentity& identity);
  Status lock();
  Status load(bool force);
  Status read_journal(ByteView bytes);
  Status start_anew();
  Status make_room();

  std::filesystem::path target_, part_, state_;
  PartialIdentity identity_;
  Fd data_fd_, state_fd_;
  Found found_ = Found::kNothing;
  std::vector<bool> done_;
  std::uint32_t count_ = 0;
};

}  // namespace weir
