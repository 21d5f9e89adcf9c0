#include "ngx_module/glue/read_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::edge {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> refuse(const std::string& path, const std::string& why,
                             ErrorCode code = ErrorCode::kIo) {
  return fail(code, '"' + path + "\": " + why);
}

tl::unexpected<Error> refuse_errno(const std::string& path) {
  const int error = errno;
  return refuse(path, std::strerror(error),
                error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo);
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::size_t limit) {
  // Not blocking: a FIFO in this place must not hold nginx up.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return refuse_errno(path);
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0) return refuse_errno(path);
  if (!S_ISREG(info.st_mode)) return refuse(path, "not a regular file");
  Bytes out(limit + 1);
  std::size_t length = 0;
  while (length < out.size()) {
    const ssize_t n = ::read(file.get(), out.data() + length, out.size() - length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse_errno(path);
    if (n == 0) break;
    length += static_cast<std::size_t>(n);
  }
  if (length > limit) return refuse(path, "longer than " + std::to_string(limit) + " bytes");
  out.resize(length);
  return out;
}

}  // namespace weir::edge
