#include "player/native/partial_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/crc32c.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

// Head: magic, revision, header sha256, u32 rendition, u32 pieces, u64 bytes, u32 crc32c of what
// stands before. Then a record of 8 bytes a piece: u32 index, u32 its complement.
constexpr std::string_view kMagic = "WEIRPRT1";
constexpr std::size_t kHeadBytes = 8 + 16 + 32 + 4 + 4 + 8 + 4;
constexpr std::size_t kRecordSize = 8;
constexpr std::uint64_t kMaxStateBytes = 64U << 20;

Bytes encode_head(const PartialIdentity& identity) {
  ByteWriter out;
  out.bytes(as_bytes(kMagic));
  out.bytes(identity.revision.view());
  out.bytes(identity.header_sha256);
  out.u32(identity.rendition);
  out.u32(identity.pieces);
  out.u64(identity.bytes);
  out.u32(crc32c(out.out()));
  return std::move(out).take();
}

bool is_head(ByteView head) {
  ByteReader crc(head.subspan(kHeadBytes - 4));
  return as_chars(head.first(kMagic.size())) == kMagic &&
         crc.u32() == crc32c(head.first(kHeadBytes - 4));
}

std::array<std::uint8_t, kRecordSize> record_of(std::uint32_t piece) {
  ByteWriter out;
  out.u32(piece);
  out.u32(~piece);
  std::array<std::uint8_t, kRecordSize> bytes{};
  std::copy(out.out().begin(), out.out().end(), bytes.begin());
  return bytes;
}

fs::path with_suffix(fs::path path, const char* suffix) {
  path += suffix;
  return path;
}

}  // namespace

PartialFile::PartialFile(fs::path target, const PartialIdentity& identity)
    : target_(std::move(target)),
      part_(with_suffix(target_, ".part")),
      state_(with_suffix(target_, ".part.state")),
      identity_(identity),
      done_(identity.pieces, false) {}

PartialFile::~PartialFile() = default;
PartialFile::PartialFile(PartialFile&&) noexcept = default;
PartialFile& PartialFile::operator=(PartialFile&&) noexcept = default;

Result<PartialFile> PartialFile::open(fs::path target, const PartialIdentity& identity,
                                      bool force) {
  PartialFile file(std::move(target), identity);
  if (auto ok = file.lock(); !ok) return tl::unexpected(ok.error());
  if (auto ok = file.load(force); !ok) return tl::unexpected(ok.error());
  if (auto ok = file.make_room(); !ok) {
    if (file.found_ != Found::kResumed) file.discard();
    return tl::unexpected(ok.error());
  }
  return file;
}

// The state file is the lock: it exists as long as anything is unfinished.
Status PartialFile::lock() {
  for (;;) {
    state_fd_ = Fd(::open(state_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!state_fd_) return tl::unexpected(file_error(errno, state_, "cannot create"));
    if (::flock(state_fd_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return tl::unexpected(file_error(errno, state_, "cannot lock"));
      return fail(ErrorCode::kAlreadyExists,
                  target_.string() + " is being fetched by another process");
    }
    // It may have been finished and removed between the two calls.
    struct stat mine {};
    struct stat named {};
    if (::fstat(state_fd_.get(), &mine) == 0 && ::stat(state_.c_str(), &named) == 0 &&
        mine.st_ino == named.st_ino && mine.st_dev == named.st_dev) {
      break;
    }
  }
  data_fd_ = Fd(::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!data_fd_) return tl::unexpected(file_error(errno, part_, "cannot create"));
  return {};
}

Status PartialFile::load(bool force) {
  struct stat state {};
  struct stat data {};
  if (::fstat(state_fd_.get(), &state) != 0 || ::fstat(data_fd_.get(), &data) != 0) {
    return tl::unexpected(file_error(errno, part_, "cannot read"));
  }
  if (state.st_size == 0) {
    if (data.st_size > 0 && !force) {
      ::unlink(state_.c_str());
      return fail(ErrorCode::kAlreadyExists,
                  part_.string() + " exists and is no unfinished film of ours: use --force");
    }
    return start_anew();
  }
  const auto size = static_cast<std::uint64_t>(state.st_size);
  Bytes bytes(static_cast<std::size_t>(std::min(size, kMaxStateBytes)));
  auto got = read_at(state_fd_.get(), bytes, 0, state_);
  if (!got) return tl::unexpected(got.error());
  bytes.resize(*got);

  const Bytes mine = encode_head(identity_);
  const bool sound = bytes.size() >= kHeadBytes && is_head(ByteView(bytes).first(kHeadBytes));
  if (sound && !std::equal(mine.begin(), mine.end(), bytes.begin())) {
    found_ = Found::kOtherRevision;
    return start_anew();
  }
  if (!sound || static_cast<std::uint64_t>(data.st_size) != identity_.bytes) {
    found_ = Found::kUnreadable;
    return start_anew();
  }
  found_ = Found::kResumed;
  return read_journal(ByteView(bytes).subspan(kHeadBytes));
}

// Takes what is whole; the rest is cut off, so that what is noted next stands right behind.
Status PartialFile::read_journal(ByteView bytes) {
  ByteReader journal(bytes);
  std::size_t sound = kHeadBytes;
  while (journal.left() >= kRecordSize) {
    const std::uint32_t piece = journal.u32();
    if (journal.u32() != ~piece || piece >= identity_.pieces) break;
    if (!done_[piece]) ++count_;
    done_[piece] = true;
    sound += kRecordSize;
  }
  if (::ftruncate(state_fd_.get(), static_cast<off_t>(sound)) != 0 ||
      ::lseek(state_fd_.get(), 0, SEEK_END) < 0) {
    return tl::unexpected(file_error(errno, state_, "cannot write"));
  }
  return {};
}

Status PartialFile::start_anew() {
  std::fill(done_.begin(), done_.end(), false);
  count_ = 0;
  if (::ftruncate(data_fd_.get(), 0) != 0) {
    return tl::unexpected(file_error(errno, part_, "cannot write"));
  }
  if (::ftruncate(state_fd_.get(), 0) != 0 || ::lseek(state_fd_.get(), 0, SEEK_SET) < 0) {
    return tl::unexpected(file_error(errno, state_, "cannot write"));
  }
  return write_all(state_fd_.get(), encode_head(identity_), state_);
}

// Asks before taking: a file system that cannot reserve would else fill up half-way.
Status PartialFile::make_room() {
  struct stat info {};
  struct statvfs disk {};
  if (::fstat(data_fd_.get(), &info) != 0 || ::fstatvfs(data_fd_.get(), &disk) != 0) {
    return tl::unexpected(file_error(errno, part_, "cannot read"));
  }
  const std::uint64_t held =
      std::min(identity_.bytes, static_cast<std::uint64_t>(info.st_blocks) * 512);
  const std::uint64_t missing = identity_.bytes - held;
  const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (missing > free) return tl::unexpected(file_error(ENOSPC, part_, "cannot write", missing));
  const auto bytes = static_cast<off_t>(identity_.bytes);
  if (bytes == 0) return {};
  int failed = 0;
  while ((failed = ::fallocate(data_fd_.get(), 0, 0, bytes)) != 0 && errno == EINTR) {
  }
  if (failed != 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) {
    failed = ::ftruncate(data_fd_.get(), bytes);
  }
  if (failed != 0) return tl::unexpected(file_error(errno, part_, "cannot write", missing));
  return {};
}

void PartialFile::discard() noexcept {
  ::unlink(part_.c_str());
  ::unlink(state_.c_str());
}

Status PartialFile::write(std::uint64_t offset, std::vector<iovec>& parts) {
  const std::uint64_t start = offset;
  constexpr std::size_t kMostParts = 1024;  // IOV_MAX
  std::size_t at = 0;
  while (at < parts.size()) {
    const auto count = static_cast<int>(std::min(parts.size() - at, kMostParts));
    const ssize_t n =
        ::pwritev(data_fd_.get(), parts.data() + at, count, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return tl::unexpected(file_error(errno, part_, "cannot write"));
    }
    offset += static_cast<std::uint64_t>(n);
    auto left = static_cast<std::size_t>(n);
    while (at < parts.size() && left >= parts[at].iov_len) left -= parts[at++].iov_len;
    if (left > 0) {
      parts[at].iov_base = static_cast<std::uint8_t*>(parts[at].iov_base) + left;
      parts[at].iov_len -= left;
    }
  }
  // On its way to the disk already while the next pieces come, so that commit() need not wait long.
  // Only a hint: its failure says nothing.
  ::sync_file_range(data_fd_.get(), static_cast<off_t>(start), static_cast<off_t>(offset - start),
                    SYNC_FILE_RANGE_WRITE);
  return {};
}

Status PartialFile::note(std::uint32_t piece) {
  if (done_[piece]) return {};
  if (auto ok = write_all(state_fd_.get(), record_of(piece), state_); !ok) return ok;
  done_[piece] = true;
  ++count_;
  return {};
}

Status PartialFile::forget(const std::vector<std::uint32_t>& pieces) {
  for (const std::uint32_t piece : pieces) {
    if (!done_[piece]) continue;
    done_[piece] = false;
    --count_;
  }
  ByteWriter state;
  state.bytes(encode_head(identity_));
  for (std::uint32_t piece = 0; piece < identity_.pieces; ++piece) {
    if (done_[piece]) state.bytes(record_of(piece));
  }
  if (::ftruncate(state_fd_.get(), 0) != 0 || ::lseek(state_fd_.get(), 0, SEEK_SET) < 0) {
    return tl::unexpected(file_error(errno, state_, "cannot write"));
  }
  return write_all(state_fd_.get(), state.out(), state_);
}

Result<std::size_t> PartialFile::read(std::uint64_t offset, MutableBytes out) const {
  return read_at(data_fd_.get(), out, offset, part_);
}

Status PartialFile::commit(bool replace) {
  if (::fsync(data_fd_.get()) != 0) {
    return tl::unexpected(file_error(errno, part_, "cannot write"));
  }
  const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
  int failed = ::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, target_.c_str(), flags);
  if (failed != 0 && errno == EINVAL && !replace) {
    // A file system without RENAME_NOREPLACE: a hard link does not replace either.
    failed = ::link(part_.c_str(), target_.c_str());
    if (failed == 0) ::unlink(part_.c_str());
  }
  if (failed != 0 && errno == EEXIST) {
    return fail(ErrorCode::kAlreadyExists, target_.string() + " exists already: use --force");
  }
  if (failed != 0) return tl::unexpected(file_error(errno, target_, "cannot create"));
  ::unlink(state_.c_str());
  return sync_directory(target_.parent_path());
}

}  // namespace weir
