#include "runtime/atomic_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(fs::path target, fs::path temporary, Fd fd, std::uint64_t wanted) noexcept
    : target_(std::move(target)),
      temporary_(std::move(temporary)),
      fd_(std::move(fd)),
      wanted_(wanted) {}

AtomicFile::~AtomicFile() {
  discard();
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      wanted_(other.wanted_) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this != &other) {
    discard();
    target_ = std::move(other.target_);
    temporary_ = std::exchange(other.temporary_, {});
    fd_ = std::move(other.fd_);
    wanted_ = other.wanted_;
  }
  return *this;
}

void AtomicFile::discard() noexcept {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
  fd_.reset();
}

Result<AtomicFile> AtomicFile::create(fs::path target, unsigned mode, std::uint64_t wanted) {
  // mkostemp makes the file 0600; what the umask takes away is taken from `mode` too.
  std::string name = (target.parent_path() / ("." + target.filename().string() + ".tmp-XXXXXX"));
  Fd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return tl::unexpected(file_error(errno, target, "cannot create"));
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(fd.get(), static_cast<mode_t>(mode) & ~mask) != 0 && (mode & 0077) == 0) {
    const Error error = file_error(errno, target, "cannot protect");
    ::unlink(name.c_str());
    return tl::unexpected(error);
  }
  return AtomicFile(std::move(target), name, std::move(fd), wanted);
}

Status AtomicFile::commit(bool replace) {
  if (::fsync(fd_.get()) != 0) {
    const int why = errno;
    discard();
    return tl::unexpected(file_error(why, target_, "cannot write", wanted_));
  }
  const int failed = replace ? ::rename(temporary_.c_str(), target_.c_str())
                             : ::link(temporary_.c_str(), target_.c_str());
  if (failed != 0) {
    const int why = errno;
    discard();
    if (why == EEXIST) return fail(ErrorCode::kAlreadyExists, target_.string() + " exists already");
    return tl::unexpected(file_error(why, target_, "cannot create"));
  }
  if (replace) temporary_.clear();  // else discard() removes the second name
  discard();
  return sync_directory(target_.parent_path());
}

Status write_atomically(const fs::path& target, ByteView data, unsigned mode, bool replace) {
  auto file = AtomicFile::create(target, mode, data.size());
  if (!file) return tl::unexpected(file.error());
  if (auto wrote = file->write(data); !wrote) return wrote;
  return file->commit(replace);
}

}  // namespace weir
