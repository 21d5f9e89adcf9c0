#include "runtime/files.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/human.h"

namespace weir {

namespace fs = std::filesystem;

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() noexcept {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

namespace {

std::string space_message(const fs::path& path, int error_number, std::uint64_t wanted) {
  std::string out = path.string() + ": ";
  out += error_number == EFBIG ? "the file-size limit is reached" : "the disk is full";
  if (wanted != 0) out += ": " + human_bytes(wanted) + " are needed";
  struct statvfs disk {};
  // The file may not exist (any more); its folder tells as well.
  if (::statvfs(path.c_str(), &disk) == 0 ||
      ::statvfs((path.has_parent_path() ? path.parent_path() : fs::path(".")).c_str(), &disk) ==
          0) {
    out += (wanted != 0 ? ", " : ": ") +
           human_bytes(static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize) + " are free";
  }
  return out;
}

}  // namespace

Error file_error(int error_number, const fs::path& path, std::string_view doing,
                 std::uint64_t wanted) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return {ErrorCode::kNoSpace, space_message(path, error_number, wanted)};
    default:
      break;
  }
  const bool absent = error_number == ENOENT || error_number == ENOTDIR;
  return {absent ? ErrorCode::kNotFound : ErrorCode::kIo,
          std::string(doing) + " " + path.string() + ": " +
              std::generic_category().message(error_number)};
}

Result<Fd> open_to_read(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return tl::unexpected(file_error(errno, path, "cannot open"));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return tl::unexpected(file_error(errno, path, "cannot read"));
  if (S_ISDIR(info.st_mode)) return tl::unexpected(file_error(EISDIR, path, "cannot read"));
  return fd;
}

Result<Bytes> read_file(const fs::path& path, std::uint64_t limit) {
  auto fd = open_to_read(path);
  if (!fd) return tl::unexpected(fd.error());
  Bytes out;
  std::size_t filled = 0;
  for (;;) {
    if (filled == out.size()) out.resize(out.size() + 65536);
    const ssize_t n = ::read(fd->get(), out.data() + filled, out.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(file_error(errno, path, "cannot read"));
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
    if (filled > limit) {
      return fail(ErrorCode::kIo, path.string() + " is larger than " + human_bytes(limit));
    }
  }
  out.resize(filled);
  return out;
}

Status write_all(int fd, ByteView data, const fs::path& path, std::uint64_t wanted) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(file_error(errno, path, "cannot write", wanted));
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::size_t> read_at(int fd, MutableBytes out, std::uint64_t offset, const fs::path& path) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t n =
        ::pread(fd, out.data() + filled, out.size() - filled, static_cast<off_t>(offset + filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(file_error(errno, path, "cannot read"));
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return filled;
}

Status sync_directory(const fs::path& directory) {
  const fs::path path = directory.empty() ? fs::path(".") : directory;
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return tl::unexpected(file_error(errno, path, "cannot open"));
  // Some file systems cannot sync a directory; they have nothing to lose then.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS) {
    return tl::unexpected(file_error(errno, path, "cannot sync"));
  }
  return {};
}

}  // namespace weir
