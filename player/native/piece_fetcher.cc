#include "player/native/piece_fetcher.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/interrupt.h"

namespace weir {
namespace {

constexpr std::size_t kMaxProblemBytes = 4096;
constexpr std::size_t kMaxFreeBuffers = 4;
constexpr auto kLongestWait = std::chrono::milliseconds(250);  // so that a signal is seen soon

std::string counted(std::size_t n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

}  // namespace

struct PieceFetcher::Transfer {
  PieceFetcher* fetcher = nullptr;
  FetchOrder order;
  std::uint32_t stored_bytes = 0;
  CurlPtr handle;
  std::string url, range;
  Buffer buffer;
  HttpFields fields;
  Bytes problem;  // the body of an answer that is no piece
  bool body_begun = false;
  curl_off_t length = -1;  // announced
  bool is_piece = false;   // status and fields are a piece's
  std::string damage;      // why not, or what was wrong behind it
};

PieceFetcher::PieceFetcher(std::vector<EdgeUrl> edges, std::vector<FetchPiece> pieces,
                           FetchLimits limits, PieceSink& sink, const Clock& clock)
    : edges_(std::move(edges)),
      pieces_(std::move(pieces)),
      schedule_(
          [this] {
            std::vector<std::uint32_t> bytes;
            bytes.reserve(pieces_.size());
            for (const FetchPiece& piece : pieces_) bytes.push_back(piece.stored_bytes);
            return bytes;
          }(),
          edges_.size(), limits, clock),
      sink_(sink),
      clock_(clock),
      multi_(curl_multi_init()) {
  for (const FetchPiece& piece : pieces_)
    largest_ = std::max<std::size_t>(largest_, piece.stored_bytes);
  for (const EdgeUrl& edge : edges_) reports_.push_back({.edge = edge.name()});
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(limits.sockets + 4));
}

PieceFetcher::~PieceFetcher() {
  for (auto& [id, transfer] : transfers_)
    curl_multi_remove_handle(multi_.get(), transfer->handle.get());
}

void PieceFetcher::mark_done(std::uint32_t item) {
  schedule_.mark_done(item);
}

Status PieceFetcher::run(const OnProgress& on_progress) {
  while (!schedule_.finished()) {
    if (auto ok = check_interrupt(); !ok) return ok;
    if (auto ok = step(); !ok) return ok;
    std::uint64_t here = done_bytes_;
    for (const auto& [id, transfer] : transfers_) here += transfer->buffer.got;
    if (on_progress) on_progress(here);
  }
  return {};
}

Status PieceFetcher::step() {
  int running = 0;
  curl_multi_perform(multi_.get(), &running);
  reap();
  if (fatal_) return tl::unexpected(*fatal_);
  // Only now, after what lay in the sockets was read: our own pauses must not count against an
  // edge.
  for (const FetchExpiry& late : schedule_.expired()) {
    Transfer& transfer = *transfers_.at(late.attempt);
    const bool connecting = late.fault == FetchFault::kConnect;
    fault(transfer, late.fault, connecting ? "no connection in time" : "stopped sending");
    drop(late.attempt);
  }
  bool begun = false;
  while (const auto order = schedule_.next()) {
    begin(*order);
    begun = true;
  }
  if (schedule_.gave_up()) return tl::unexpected(hopeless());
  if (begun || schedule_.finished()) return {};  // what was begun has no socket to wait for yet

  using std::chrono::milliseconds;
  const auto wait = std::chrono::ceil<milliseconds>(schedule_.wake_at() - clock_.monotonic());
  const auto bounded = std::clamp(wait, milliseconds(0), kLongestWait);
  curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(bounded.count()), nullptr);
  return {};
}

void PieceFetcher::begin(const FetchOrder& order) {
  auto transfer = std::make_unique<Transfer>();
  transfer->fetcher = this;
  transfer->order = order;
  transfer->stored_bytes = pieces_[order.item].stored_bytes;
  if (const auto held = held_.find(order.item); order.from > 0 && held != held_.end()) {
    transfer->buffer = std::move(held->second);
    held_.erase(held);
  } else {
    transfer->buffer = take_buffer();
  }
  transfer->buffer.from.insert(order.edge);
  if (free_handles_.empty()) {
    transfer->handle.reset(curl_easy_init());
  } else {
    transfer->handle = std::move(free_handles_.back());
    free_handles_.pop_back();
  }
  CURL* const handle = transfer->handle.get();
  transfer->url = edges_[order.edge].root() + "/p/" + pieces_[order.item].id.to_string();
  set_http_options(handle, transfer->url);
  if (transfer->buffer.got > 0) {
    transfer->range = std::to_string(transfer->buffer.got) + "-";
    curl_easy_setopt(handle, CURLOPT_RANGE, transfer->range.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer.get());
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer.get());
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, on_request);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, transfer.get());
  curl_easy_setopt(handle, CURLOPT_PRIVATE, transfer.get());
  curl_multi_add_handle(multi_.get(), handle);
  transfers_.emplace(order.attempt, std::move(transfer));
}

int PieceFetcher::on_request(void* user, char*, char*, int, int) noexcept {
  const Transfer& transfer = *static_cast<Transfer*>(user);
  transfer.fetcher->schedule_.on_connected(transfer.order.attempt);
  return CURL_PREREQFUNC_OK;
}

std::size_t PieceFetcher::on_header(char* data, std::size_t, std::size_t size,
                                    void* user) noexcept {
  return static_cast<Transfer*>(user)->fields.take({data, size}) ? size : 0;
}

// Looks at status and fields before the first body byte, then copies.
std::size_t PieceFetcher::on_body(char* data, std::size_t, std::size_t size, void* user) noexcept {
  Transfer& t = *static_cast<Transfer*>(user);
  if (!std::exchange(t.body_begun, true)) {
    long status = 0;
    curl_easy_getinfo(t.handle.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t.handle.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &t.length);
    if (status == 200) t.buffer.got = 0;  // all of it, also when a range was asked
    t.is_piece = status == 200 || status == 206;
    if (t.is_piece && t.fields.is_web_page()) t.damage = "a web page in its place";
    if (status == 206 &&
        (t.fields.range_first != t.buffer.got || t.fields.range_total != t.stored_bytes)) {
      t.damage = "another range than asked";
    }
    if (t.is_piece && t.length >= 0 &&
        static_cast<std::uint64_t>(t.length) != t.stored_bytes - t.buffer.got) {
      t.damage = "a wrong length";
    }
  }
  if (!t.is_piece) {
    const ByteView bytes = as_bytes({data, std::min(size, kMaxProblemBytes - t.problem.size())});
    t.problem.insert(t.problem.end(), bytes.begin(), bytes.end());
    return size;
  }
  if (t.damage.empty() && size > t.stored_bytes - t.buffer.got) t.damage = "a wrong length";
  if (!t.damage.empty()) return 0;
  std::memcpy(t.buffer.data.get() + t.buffer.got, data, size);
  t.buffer.got += size;
  t.fetcher->schedule_.on_bytes(t.order.attempt, size);
  return size;
}

void PieceFetcher::reap() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* user = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    Transfer& transfer = *reinterpret_cast<Transfer*>(user);
    const std::uint64_t attempt = transfer.order.attempt;
    complete(transfer, message->data.result);
    drop(attempt);
    if (fatal_) return;
  }
}

void PieceFetcher::complete(Transfer& t, CURLcode code) {
  long status = 0;
  curl_easy_getinfo(t.handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (!t.damage.empty()) return fault(t, FetchFault::kDamaged, t.damage);
  if (status != 0 && status != 200 && status != 206 && code == CURLE_OK) return answered(t, status);
  switch (code) {
    case CURLE_OK:
      if (t.buffer.got == t.stored_bytes) return whole(t);
      // Without a length announced, an early end is a cut; with one, it is what the edge holds.
      return t.body_begun && t.length < 0 ? fault(t, FetchFault::kBroken, "ended a piece early")
                                          : fault(t, FetchFault::kDamaged, "a wrong length");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return fault(t, FetchFault::kConnect, transport_problem(t.handle.get(), code));
    default:
      return fault(t, FetchFault::kBroken, transport_problem(t.handle.get(), code));
  }
}

void PieceFetcher::answered(Transfer& t, long status) {
  const EdgeUrl& edge = edges_[t.order.edge];
  const Error error =
      answer_error(status, t.fields, t.problem, edge.name(), "such piece", edge.token);
  if (status == 401 || status == 403) {
    refusal_ = error;
    return fault(t, FetchFault::kRefused, "refused us");
  }
  if (status == 404 || status == 410) return fault(t, FetchFault::kMissing, "lacks a piece");
  fault(t, FetchFault::kServerError, "answered " + std::to_string(status));
}

void PieceFetcher::whole(Transfer& t) {
  const auto item = t.order.item;
  if (auto ok = sink_.take(item, {t.buffer.data.get(), t.buffer.got}); !ok) {
    if (ok.error().code != ErrorCode::kPieceCorrupt) {
      fatal_ = ok.error();
      return;
    }
    if (t.buffer.from.size() > 1 && !sink_.proves(item)) {
      return fault(t, FetchFault::kBroken, "gave part of a piece that proved damaged");
    }
    return fault(t, FetchFault::kDamaged, ok.error().detail);
  }
  done_bytes_ += t.stored_bytes;
  EdgeReport& report = reports_[t.order.edge];
  ++report.pieces;
  report.bytes += t.stored_bytes;
  for (const std::uint64_t loser : schedule_.on_done(t.order.attempt)) drop(loser);
  if (const auto held = held_.find(item); held != held_.end()) {
    return_buffer(std::move(held->second));
    held_.erase(held);
  }
}

void PieceFetcher::fault(Transfer& t, FetchFault fault, const std::string& problem) {
  EdgeReport& report = reports_[t.order.edge];
  const Uuid& piece = pieces_[t.order.item].id;
  const auto note = [&](std::vector<Uuid>& list) {
    if (std::find(list.begin(), list.end(), piece) == list.end()) list.push_back(piece);
  };
  ++report.faults;
  report.last_problem = problem;
  if (fault == FetchFault::kDamaged) note(report.damaged);
  if (fault == FetchFault::kMissing) note(report.missing);
  schedule_.on_fault(t.order.attempt, fault, hold(t, fault));
}

// Keeps what may be built upon; returns how much is held of the item.
std::uint64_t PieceFetcher::hold(Transfer& t, FetchFault fault) {
  const auto held = held_.find(t.order.item);
  const std::size_t before = held == held_.end() ? 0 : held->second.got;
  if (fault == FetchFault::kDamaged || t.buffer.got == t.stored_bytes || t.buffer.got <= before)
    return before;
  const std::size_t usable = sink_.usable_prefix(t.order.item, {t.buffer.data.get(), t.buffer.got});
  if (usable <= before) return before;
  t.buffer.got = usable;
  Buffer& kept = held_[t.order.item];
  std::swap(kept, t.buffer);
  return usable;
}

void PieceFetcher::drop(std::uint64_t attempt) {
  const auto at = transfers_.find(attempt);
  if (at == transfers_.end()) return;
  Transfer& transfer = *at->second;
  curl_multi_remove_handle(multi_.get(), transfer.handle.get());
  curl_easy_reset(transfer.handle.get());
  free_handles_.push_back(std::move(transfer.handle));
  return_buffer(std::move(transfer.buffer));
  transfers_.erase(at);
}

PieceFetcher::Buffer PieceFetcher::take_buffer() {
  if (free_buffers_.empty())
    return {.data = std::make_unique_for_overwrite<std::uint8_t[]>(largest_)};
  Buffer buffer = std::move(free_buffers_.back());
  free_buffers_.pop_back();
  return buffer;
}

void PieceFetcher::return_buffer(Buffer buffer) {
  if (!buffer.data || free_buffers_.size() >= kMaxFreeBuffers) return;
  buffer.got = 0;
  buffer.from.clear();
  free_buffers_.push_back(std::move(buffer));
}

Error PieceFetcher::hopeless() const {
  const FetchGaveUp& why = *schedule_.gave_up();
  const std::string piece = pieces_[why.item].id.to_string();
  if (why.fault == FetchFault::kRefused && refusal_) return *refusal_;
  const std::string at = edges_.size() == 1 ? edges_[0].name() : counted(edges_.size(), "edge");
  switch (why.fault) {
    case FetchFault::kDamaged:
      return {ErrorCode::kPieceCorrupt,
              at + " gave " + piece + " damaged, and no other has it sound"};
    case FetchFault::kMissing:
      return {ErrorCode::kPieceMissing,
              at + (edges_.size() == 1 ? " has" : " asked, none has") + " not " + piece};
    default:
      break;
  }
  std::string all;
  for (const EdgeReport& report : reports_) {
    if (report.last_problem.empty()) continue;
    all += (all.empty() ? "" : "; ") + report.edge + " (" + report.last_problem + ")";
  }
  return {ErrorCode::kOriginUnreachable, all};
}

std::vector<EdgeReport> PieceFetcher::reports() const {
  return reports_;
}

}  // namespace weir
