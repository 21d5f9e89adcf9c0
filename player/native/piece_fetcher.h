// Fetches a title's pieces from its edges at once: a few sockets (libcurl multi, one thread,
// HTTP/1.1 keep-alive), whole pieces in the order of the film. What is asked of whom is
// core/title/fetch_schedule's decision; this moves the bytes, and counts what each edge did.
//
// A piece is handed to the sink only when all of its bytes are there, and stays with its edges
// until the sink says it is sound: a damaged one is asked of another edge. A broken one goes on, at
// another edge, behind the last byte the sink vouches for. run() blocks its thread until all is
// done, hope is lost, or a signal came.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/uuid.h"
#include "core/title/fetch_schedule.h"
#include "player/native/http.h"
#include "player/native/title_location.h"

namespace weir {

struct FetchPiece {
  Uuid id;
  std::uint32_t stored_bytes = 0;  // >= 1
};

// Where pieces go. Called on the fetching thread; may block.
class PieceSink {
 public:
  virtual ~PieceSink() = default;

  // The whole stored piece: check it and keep it. `stored` may be written over. kPieceCorrupt:
  // fetch it elsewhere; any other error ends everything.
  virtual Status take(std::uint32_t item, MutableBytes stored) = 0;

  // Of the piece's first bytes, how many may be built upon after a break; proven or not, see
  // proves().
  virtual std::size_t usable_prefix(std::uint32_t item, ByteView stored) = 0;

  // Whether usable_prefix() vouches for the bytes. If not, and the piece then turns out damaged,
  // nobody knows which of the edges it came from is to blame.
  virtual bool proves(std::uint32_t item) const = 0;
};

struct EdgeReport {
  std::string edge;  // may be shown
  std::uint64_t pieces = 0, bytes = 0, faults = 0;
  std::vector<Uuid> damaged{}, missing{};
  std::string last_problem{};  // "connection refused"; empty: none
};

class PieceFetcher {
 public:
  using OnProgress = std::function<void(std::uint64_t stored_bytes_here)>;

  PieceFetcher(std::vector<EdgeUrl> edges, std::vector<FetchPiece> pieces, FetchLimits limits,
               PieceSink& sink, const Clock& clock);
  ~PieceFetcher();

  void mark_done(std::uint32_t item);  // before run()
  Status run(const OnProgress& on_progress);
  std::vector<EdgeReport> reports() const;

 private:
  struct Buffer {
    std::unique_ptr<std::uint8_t[]> data;
    std::size_t got = 0;
    std::set<std::uint32_t> from{};  // edges these bytes came from
  };
  struct Transfer;

  static std::size_t on_header(char* data, std::size_t one, std::size_t size,
                               void* transfer) noexcept;
  static std::size_t on_body(char* data, std::size_t one, std::size_t size,
                             void* transfer) noexcept;
  static int on_request(void* transfer, char*, char*, int, int) noexcept;

  Status step();
  void begin(const FetchOrder& order);
  void reap();
  void complete(Transfer& transfer, CURLcode code);
  void answered(Transfer& transfer, long status);
  void whole(Transfer& transfer);
  void fault(Transfer& transfer, FetchFault fault, const std::string& problem);
  std::uint64_t hold(Transfer& transfer, FetchFault fault);
  void drop(std::uint64_t attempt);
  Buffer take_buffer();
  void return_buffer(Buffer buffer);
  Error hopeless() const;

  std::vector<EdgeUrl> edges_;
  std::vector<FetchPiece> pieces_;
  FetchSchedule schedule_;
  PieceSink& sink_;
  const Clock& clock_;
  std::size_t largest_ = 1;
  std::uint64_t done_bytes_ = 0;

  struct MultiFree {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };
  std::unique_ptr<CURLM, MultiFree> multi_;
  std::map<std::uint64_t, std::unique_ptr<Transfer>> transfers_;  // by attempt
  std::map<std::uint32_t, Buffer> held_;                          // of items that broke
  std::vector<Buffer> free_buffers_;
  std::vector<CurlPtr> free_handles_;
  std::vector<EdgeReport> reports_;
  std::optional<Error> refusal_;  // what the last edge that refused us said
  std::optional<Error> fatal_;
};

}  // namespace weir
