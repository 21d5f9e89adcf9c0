#include "t/fakes/fake_edge.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir {
namespace {

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

void apply_range(const std::string& range, FakeAnswer& answer) {
  if (!range.starts_with("bytes=") || answer.status != 200) return;
  const std::size_t dash = range.find('-');
  const std::uint64_t total = answer.body.size();
  const std::uint64_t first = number(std::string_view(range).substr(6, dash - 6));
  const std::string_view end = std::string_view(range).substr(dash + 1);
  const std::uint64_t last = end.empty() ? total - 1 : std::min(total - 1, number(end));
  if (first >= total) {
    answer = {.status = 416, .fields = {}, .body = {}};
    return;
  }
  answer.status = 206;
  answer.fields.push_back("Content-Range: bytes " + std::to_string(first) + "-" +
                          std::to_string(last) + "/" + std::to_string(total));
  answer.body = Bytes(answer.body.begin() + static_cast<std::ptrdiff_t>(first),
                      answer.body.begin() + static_cast<std::ptrdiff_t>(last + 1));
}

}  // namespace

FakeEdge::FakeEdge(const FakeFilm& film, Mischief mischief)
    : film_(film), mischief_(std::move(mischief)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

void FakeEdge::stop() {
  if (stopping_.exchange(true)) return;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

std::vector<FakeRequest> FakeEdge::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t FakeEdge::piece_requests() const {
  const auto all = requests();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const auto& r) { return r.path.starts_with("/p/"); }));
}

void FakeEdge::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 || stopping_) {
      if (fd >= 0) ::close(fd);
      return;
    }
    const std::lock_guard lock(mutex_);
    connections_.insert(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void FakeEdge::serve(int fd) {
  std::string in;
  std::array<char, 4096> block;
  bool open = true;
  while (open && !stopping_) {
    const ssize_t n = ::recv(fd, block.data(), block.size(), 0);
    if (n <= 0) break;
    in.append(block.data(), static_cast<std::size_t>(n));
    for (std::size_t end = 0; open && (end = in.find("\r\n\r\n")) != std::string::npos;) {
      open = answer_one(fd, in.substr(0, end + 2));
      in.erase(0, end + 4);
    }
  }
  const std::lock_guard lock(mutex_);
  connections_.erase(fd);
  ::close(fd);
}

FakeAnswer FakeEdge::usual_answer(const FakeRequest& request) const {
  const std::string title = "/t/" + film_.header.info.title;
  if (request.path == title + "/header.enp") return {.fields = {}, .body = film_.header_bytes};
  if (request.path == title + "/key") {
    const ByteView key = film_.key.view();
    return {.fields = {}, .body = Bytes(key.begin(), key.end())};
  }
  if (request.path.starts_with("/p/")) {
    const auto piece = film_.pieces.find(request.path.substr(3));
    if (piece != film_.pieces.end()) return {.fields = {}, .body = piece->second};
  }
  return {.status = 404, .fields = {}, .body = {}};
}

bool FakeEdge::answer_one(int fd, const std::string& head) {
  FakeRequest request;
  const std::size_t start = head.find(' ') + 1;
  request.path = head.substr(start, head.find(' ', start) - start);
  if (request.path.starts_with("/~")) {
    const std::size_t slash = request.path.find('/', 1);
    request.token = request.path.substr(2, slash - 2);
    request.path.erase(0, slash);
  }
  if (const std::size_t at = head.find("Range: "); at != std::string::npos) {
    request.range = head.substr(at + 7, head.find('\r', at) - at - 7);
  }
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  FakeAnswer answer = usual_answer(request);
  apply_range(request.range, answer);
  if (mischief_) mischief_(request, answer);
  const auto silence = [&] {
    while (!stopping_) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // poll
    return false;
  };
  if (answer.hang) return silence();

  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " -\r\n";
  for (const std::string& field : answer.fields) out += field + "\r\n";
  out += answer.announce_length ? "Content-Length: " + std::to_string(answer.body.size()) + "\r\n"
                                : std::string("Connection: close\r\n");
  if (!send_all(fd, out + "\r\n")) return false;
  const std::size_t most = std::min({answer.body.size(), answer.cut_after, answer.hang_after});
  if (!send_all(fd, as_chars(ByteView(answer.body).first(most)))) return false;
  if (answer.hang_after < answer.body.size()) return silence();
  if (answer.cut_after < answer.body.size() || !answer.announce_length) {
    ::shutdown(fd, SHUT_RDWR);
    return false;
  }
  return true;
}

}  // namespace weir
