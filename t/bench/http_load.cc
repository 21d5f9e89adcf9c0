// A load generator that costs the client as little as can be, so that the server is what is
// measured: one thread, epoll, keep-alive, bodies read in 256 KiB gulps and thrown away after their
// length (and, with --once, their FNV-1a) is checked.
//
//   http_load ADDRESS PORT PATH [--connections N] [--seconds S]    as many requests as go in S
//   seconds http_load ADDRESS PORT PATH --once [--connections N] [--join-ms D] [--expect FILE]
//       one request a connection: the first now, the others D ms later, 2 ms apart
//
// Prints one JSON object. Any answer but 200 or 206 with its whole body counts as an error.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

double ms_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

struct Options {
  sockaddr_in address{};
  std::string request;
  std::size_t connections = 16;
  double seconds = 2;
  bool once = false;
  double join_ms = 0;
  std::string expected;  // empty: any body will do
};

struct Connection {
  int fd = -1;
  std::string head;             // what came of the answer's head
  std::int64_t body_left = -1;  // -1: still in the head
  Clock::time_point asked{};
  bool first_byte_seen = false;
  bool done = false;
  // With --once:
  double first_byte_ms = -1, finish_ms = -1;
  std::size_t bytes = 0;
};

struct Totals {
  std::uint64_t requests = 0, bytes = 0, errors = 0;
  std::vector<double> first_byte_ms, whole_ms;
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

bool open_connection(const Options& options, int epoll, Connection& c) {
  c.fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c.fd < 0) die("socket");
  const int on = 1;
  setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(c.fd, reinterpret_cast<const sockaddr*>(&options.address), sizeof options.address) !=
      0)
    return false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &c;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c.fd, &event) != 0) die("epoll_ctl");
  return true;
}

void ask(const Options& options, Connection& c) {
  c.head.clear();
  c.body_left = -1;
  c.first_byte_seen = false;
  c.bytes = 0;
  c.asked = Clock::now();
  if (send(c.fd, options.request.data(), options.request.size(), MSG_NOSIGNAL) < 0) c.done = true;
}

// The body length that the head announces; -1 when it is no whole answer to count.
std::int64_t announced_length(const std::string& head) {
  if (!head.starts_with("HTTP/1.1 200") && !head.starts_with("HTTP/1.1 206")) return -1;
  const auto at = head.find("\r\nContent-Length: ");
  if (at == std::string::npos) return -1;
  std::int64_t length = -1;
  const char* begin = head.data() + at + 18;
  std::from_chars(begin, head.data() + head.size(), length);
  return length;
}

// false when a byte is not the expected one.
bool take_body(const Options& options, Connection& c, std::string_view bytes, Totals& totals) {
  totals.bytes += bytes.size();
  c.body_left -= static_cast<std::int64_t>(bytes.size());
  const std::size_t at = c.bytes;
  c.bytes += bytes.size();
  return options.expected.empty() ||
         std::string_view(options.expected).substr(at, bytes.size()) == bytes;
}

// One read; false when the connection is of no more use.
bool receive(const Options& options, Connection& c, Totals& totals) {
  static std::vector<char> buffer(256 * 1024);
  const ssize_t n = recv(c.fd, buffer.data(), buffer.size(), 0);
  if (n <= 0) return false;
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
  if (c.body_left < 0) {
    const auto before = c.head.size();
    c.head.append(bytes);
    const auto end = c.head.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    bytes.remove_prefix(end + 4 - before);
    c.head.resize(end + 2);
    c.body_left = announced_length(c.head);
    if (c.body_left < 0) return false;
  }
  if (!c.first_byte_seen && !bytes.empty()) {
    c.first_byte_seen = true;
    c.first_byte_ms = ms_between(c.asked, Clock::now());
    totals.first_byte_ms.push_back(c.first_byte_ms);
  }
  if (!take_body(options, c, bytes, totals) || c.body_left < 0) return false;
  if (c.body_left > 0) return true;
  ++totals.requests;
  c.finish_ms = ms_between(c.asked, Clock::now());
  totals.whole_ms.push_back(c.finish_ms);
  if (options.once) {
    c.done = true;
    return false;
  }
  ask(options, c);
  return true;
}

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return -1;
  const auto at =
      std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

void print(const Options& options, std::vector<Connection>& connections, Totals& totals,
           double elapsed_ms) {
  std::printf(
      "{\"requests\":%llu,\"bytes\":%llu,\"errors\":%llu,\"seconds\":%.3f,\"first_byte_ms\":[%.3f,%"
      ".3f],\"whole_ms\":[%.3f,%.3f]",
      static_cast<unsigned long long>(totals.requests),
      static_cast<unsigned long long>(totals.bytes), static_cast<unsigned long long>(totals.errors),
      elapsed_ms / 1000, quantile(totals.first_byte_ms, 0.5), quantile(totals.first_byte_ms, 0.99),
      quantile(totals.whole_ms, 0.5), quantile(totals.whole_ms, 0.99));
  if (options.once) {
    std::printf(",\"viewers\":[");
    for (const Connection& c : connections) {
      std::printf("%s{\"first_byte_ms\":%.3f,\"finish_ms\":%.3f}",
                  &c == connections.data() ? "" : ",", c.first_byte_ms, c.finish_ms);
    }
    std::printf("]");
  }
  std::printf("}\n");
}

void run(const Options& options) {
  const int epoll = epoll_create1(0);
  std::vector<Connection> connections(options.connections);
  Totals totals;
  const auto started = Clock::now();
  std::size_t opened = 0, open = 0;
  while (true) {
    const double now_ms = ms_between(started, Clock::now());
    while (opened < connections.size() &&
           (!options.once || opened == 0 ||
            now_ms >= options.join_ms + 2.0 * static_cast<double>(opened - 1))) {
      Connection& c = connections[opened++];
      if (open_connection(options, epoll, c)) {
        ask(options, c);
        ++open;
      } else {
        ++totals.errors;
      }
    }
    if (opened == connections.size() && open == 0) break;
    if (!options.once && now_ms >= options.seconds * 1000) break;
    epoll_event events[64];
    const int ready = epoll_wait(epoll, events, 64, opened < connections.size() ? 1 : 100);
    for (int i = 0; i < ready; ++i) {
      auto& c = *static_cast<Connection*>(events[i].data.ptr);
      if (receive(options, c, totals)) continue;
      if (!c.done) ++totals.errors;
      close(c.fd);
      --open;
    }
  }
  print(options, connections, totals, ms_between(started, Clock::now()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr,
                 "usage: http_load ADDRESS PORT PATH [--connections N] [--seconds S] [--once] "
                 "[--join-ms D]\n");
    return 64;
  }
  Options options;
  options.address.sin_family = AF_INET;
  options.address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  if (inet_pton(AF_INET, argv[1], &options.address.sin_addr) != 1) return 64;
  options.request = std::string("GET ") + argv[3] + " HTTP/1.1\r\nHost: bench\r\n\r\n";
  for (int i = 4; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--once") {
      options.once = true;
    } else if (i + 1 < argc && name == "--connections") {
      options.connections = static_cast<std::size_t>(std::atoi(argv[++i]));
    } else if (i + 1 < argc && name == "--seconds") {
      options.seconds = std::atof(argv[++i]);
    } else if (i + 1 < argc && name == "--join-ms") {
      options.join_ms = std::atof(argv[++i]);
    } else if (i + 1 < argc && name == "--expect") {
      std::ifstream file(argv[++i], std::ios::binary);
      options.expected.assign(std::istreambuf_iterator<char>(file), {});
      if (options.expected.empty()) die(argv[i]);
    } else {
      return 64;
    }
  }
  run(options);
}
