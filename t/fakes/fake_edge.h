// An edge for unit tests: HTTP/1.1 on a free loopback port, keep-alive, one thread a connection,
// serving films made by film.h under /t/ID/… and /p/UUID with ranges. `mischief` may change any
// answer. Real nginx edges are t/player's.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "t/fakes/film.h"

namespace weir {

struct FakeRequest {
  std::string path;  // without the token
  std::string token;
  std::string range;  // field value
};

struct FakeAnswer {
  int status = 200;
  std::vector<std::string> fields;
  Bytes body;
  bool announce_length = true;
  std::size_t cut_after = SIZE_MAX;   // body bytes, then the connection is closed
  std::size_t hang_after = SIZE_MAX;  // body bytes, then silence until the edge stops
  bool hang = false;                  // no answer at all
};

class FakeEdge {
 public:
  using Mischief = std::function<void(const FakeRequest&, FakeAnswer&)>;

  explicit FakeEdge(const FakeFilm& film, Mischief mischief = nullptr);
  ~FakeEdge() { stop(); }
  void stop();  // closes everything; the port then refuses

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<FakeRequest> requests() const;
  std::size_t piece_requests() const;

 private:
  void accept_all();
  void serve(int fd);
  bool answer_one(int fd, const std::string& head);
  FakeAnswer usual_answer(const FakeRequest& request) const;

  const FakeFilm& film_;
  Mischief mischief_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<FakeRequest> requests_;
  std::set<int> connections_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace weir
