#include "ngx_module/store/fill.h"

#include <algorithm>
#include <array>
#include <optional>

#include <unistd.h>

#include "core/store/origin_answer.h"
#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/store/store_worker.h"

namespace weir::edge {

namespace {

// Pauses before tries that follow one without a new byte; after the last the fill fails.
constexpr std::array<ngx_msec_t, 5> kPauses = {1, 100, 300, 1000, 2000};
constexpr unsigned kMaxAttempts = 1000;
constexpr std::string_view kHeaderMagic = "ENPH";

std::string_view header_value(ngx_http_request_t* r, std::string_view name) {
  ngx_list_t* list =
      r->upstream != nullptr ? &r->upstream->headers_in.headers : &r->headers_out.headers;
  for (ngx_list_part_t* part = &list->part; part != nullptr; part = part->next) {
    auto* headers = static_cast<ngx_table_elt_t*>(part->elts);
    for (ngx_uint_t i = 0; i < part->nelts; ++i) {
      if (headers[i].hash != 0 && headers[i].key.len == name.size() &&
          ngx_strncasecmp(headers[i].key.data, as_ngx_str(name).data, name.size()) == 0) {
        return as_view(headers[i].value);
      }
    }
  }
  return {};
}

// The answer's metadata. Text that does not fit is left out.
ObjectMeta meta_of(ngx_http_request_t* r) {
  ObjectMeta meta;
  if (r->headers_out.etag != nullptr) {
    meta.etag.assign(as_view(r->headers_out.etag->value));
  } else {
    meta.etag.assign(header_value(r, "etag"));
  }
  meta.content_type.assign(as_view(r->headers_out.content_type));
  meta.last_modified = r->headers_out.last_modified_time;
  const ngx_str_t date = as_ngx_str(header_value(r, "last-modified"));
  if (date.len != 0) meta.last_modified = ngx_parse_http_time(date.data, date.len);
  return meta;
}

class Fill final : public AnswerSink {
 public:
  Fill(FillRequest request, std::unique_ptr<FillTarget> target)
      : request_(std::move(request)), target_(std::move(target)) {
    ngx_memzero(&timer_, sizeof(timer_));
    ngx_memzero(&dummy_, sizeof(dummy_));
    dummy_.fd = -1;
    dummy_.data = this;
    timer_.data = &dummy_;
    timer_.handler = on_timer;
    timer_.log = ngx_cycle->log;
    target_->bind([](void* fill) { static_cast<Fill*>(fill)->made_room(); }, this);
  }
  ~Fill() override {
    if (timer_.timer_set) {
      ngx_del_timer(&timer_);
    }
  }

  // Deletes itself at the end; nothing may follow a call.
  void attempt();
  void made_room() noexcept;

  ngx_int_t on_head(ngx_http_request_t* r) override;
  ngx_int_t on_body(ngx_buf_t* b) override;
  void ended(AnswerEnd end) noexcept override;

 private:
  static void on_timer(ngx_event_t* ev) noexcept;

  ngx_int_t begin_with(ngx_http_request_t* r, const std::optional<ContentRange>& range);
  ngx_int_t resume_with(ngx_http_request_t* r, const std::optional<ContentRange>& range);
  ngx_int_t refuse_status(ngx_http_request_t* r);
  ngx_int_t take(ByteView bytes, std::size_t* taken);
  ngx_int_t take_probe(ByteView* bytes);
  ngx_int_t publish();
  ngx_int_t give_up(ErrorCode code, unsigned status);
  ngx_int_t result(WriteResult result);
  void settle(AnswerEnd end);
  void retry_or_fail();

  FillRequest request_;
  std::unique_ptr<FillTarget> target_;
  ngx_event_t timer_;
  ngx_connection_t dummy_;

  // Of the attempt under way.
  ngx_http_request_t* r_ = nullptr;
  std::uint64_t skip_ = 0;  // bytes of the answer that are held already
  std::uint64_t began_at_ = 0;
  bool blocked_ = false;  // on_body said NGX_AGAIN
  bool head_ok_ = false;

  // An answer whose metadata is not published yet (kHeader waits for its first bytes).
  ObjectMeta new_meta_;
  std::uint64_t new_total_ = kUnknownTotal;
  bool new_discard_ = false;
  std::string probe_;

  unsigned attempts_ = 0;
  unsigned fruitless_ = 0;
  bool over_ = false;  // failed or lost: nothing more is written
  ErrorCode last_error_ = ErrorCode::kOriginShortBody;
  unsigned last_status_ = 0;
};

void Fill::attempt() {
  if (over_ || !target_->still_wanted()) {
    delete this;
    return;
  }
  ++attempts_;
  if (StoreCounters* counters = target_->counters(); counters != nullptr) {
    ++counters->origin_requests;
  }
  blocked_ = false;
  head_ok_ = false;
  skip_ = 0;
  r_ = nullptr;
  probe_.clear();
  began_at_ = target_->position();

  DetachedRequest::Asked asked;
  asked.location = request_.location;
  asked.key = request_.key;
  if (began_at_ != 0) asked.from = began_at_;
  std::string date;
  if (began_at_ != 0 && target_->begun()) {
    const ObjectMeta& meta = target_->meta();
    if (meta.etag.length != 0 && !meta.etag.view().starts_with("W/")) {
      asked.if_range = meta.etag.view();
    } else if (meta.etag.length == 0 && meta.last_modified >= 0) {
      date.resize(sizeof("Mon, 28 Sep 1970 06:00:00 GMT"));
      u_char* end = ngx_http_time(reinterpret_cast<u_char*>(date.data()), meta.last_modified);
      date.resize(static_cast<std::size_t>(end - reinterpret_cast<u_char*>(date.data())));
      asked.if_range = date;
    }
  }
  if (DetachedRequest::start(request_.model, asked, this)) return;  // ended() may have come: gone
  last_error_ = ErrorCode::kInternal;
  target_->fail(ErrorCode::kInternal, 0);
  delete this;
}

ngx_int_t Fill::give_up(ErrorCode code, unsigned status) {
  over_ = true;
  target_->fail(code, status);
  return NGX_ERROR;
}

ngx_int_t Fill::result(WriteResult written) {
  switch (written) {
    case WriteResult::kOk:
      return NGX_OK;
    case WriteResult::kLost:
      over_ = true;
      return NGX_ERROR;
    case WriteResult::kNoRoom:
      break;
  }
  return give_up(ErrorCode::kStoreFull, 0);
}

// proxy_buffering on holds bytes back until a buffer is full: viewers of a growing object would
// wait.
void warn_of_buffering(ngx_http_request_t* r, const std::string& location) {
  static bool warned = false;
  if (warned || r->upstream == nullptr || !r->upstream->buffering) return;
  warned = true;
  ngx_log_error(
      NGX_LOG_WARN, ngx_cycle->log, 0,
      "weir_origin \"%s\": set \"proxy_buffering off\" there: with it on, viewers wait for "
      "whole buffers",
      location.c_str());
}

ngx_int_t Fill::on_head(ngx_http_request_t* r) {
  r_ = r;
  warn_of_buffering(r, request_.location);
  const ngx_uint_t status = r->headers_out.status;
  if (status != NGX_HTTP_OK && status != NGX_HTTP_PARTIAL_CONTENT) return refuse_status(r);
  if (r->headers_out.content_encoding != nullptr &&
      r->headers_out.content_encoding->value.len != 0) {
    return give_up(ErrorCode::kOriginStatus, kFaultEncoded);
  }
  std::optional<ContentRange> range;
  if (status == NGX_HTTP_PARTIAL_CONTENT) {
    range = parse_content_range(header_value(r, "content-range"));
    if (!range || range->first != began_at_ || began_at_ == 0) {
      return give_up(ErrorCode::kOriginStatus, kFaultRange);
    }
  } else {
    skip_ = began_at_;
  }
  return target_->begun() ? resume_with(r, range) : begin_with(r, range);
}

// Not 200: the origin's own word, or nginx's for an origin that could not be asked.
ngx_int_t Fill::refuse_status(ngx_http_request_t* r) {
  const ngx_uint_t status = r->headers_out.status;
  const bool said_by_origin = r->upstream != nullptr && r->upstream->headers_in.status_n == status;
  if (said_by_origin) {
    last_error_ = ErrorCode::kOriginStatus;
    last_status_ = static_cast<unsigned>(status);
  } else {
    last_error_ = status == NGX_HTTP_GATEWAY_TIME_OUT ? ErrorCode::kOriginTimeout
                  : status == NGX_HTTP_BAD_GATEWAY    ? ErrorCode::kOriginUnreachable
                                                      : ErrorCode::kOriginStatus;
    last_status_ = last_error_ == ErrorCode::kOriginStatus ? static_cast<unsigned>(status) : 0;
  }
  if (target_->begun()) return NGX_ERROR;  // in mid-body another try may do better
  constexpr ngx_uint_t kGone = 410;
  if (status == NGX_HTTP_NOT_FOUND || status == kGone) return give_up(ErrorCode::kNotFound, 404);
  return give_up(last_error_, last_status_);
}

ngx_int_t Fill::begin_with(ngx_http_request_t* r, const std::optional<ContentRange>& range) {
  new_meta_ = meta_of(r);
  if (request_.kind != ObjectKind::kAny && new_meta_.content_type.view().starts_with("text/html")) {
    return give_up(ErrorCode::kOriginStatus, kFaultHtml);
  }
  if (range) {
    new_total_ = range->total.value_or(kUnknownTotal);
  } else {
    const off_t length = r->headers_out.content_length_n;
    new_total_ = length < 0 ? kUnknownTotal : static_cast<std::uint64_t>(length);
  }
  const CacheControl control = parse_cache_control(header_value(r, "cache-control"));
  const std::int64_t now = ngx_time();
  new_discard_ = control.no_store;
  constexpr std::int64_t kYear = 365 * 86400;
  new_meta_.fresh_until = now + (request_.kind == ObjectKind::kPiece
                                     ? kYear
                                     : fresh_seconds(control, new_meta_.last_modified, now));
  head_ok_ = true;
  return request_.kind == ObjectKind::kHeader ? NGX_OK : publish();
}

ngx_int_t Fill::publish() {
  return result(target_->begin(new_meta_, new_total_, new_discard_));
}

// The rest of an object whose beginning is held: only of the very same version.
ngx_int_t Fill::resume_with(ngx_http_request_t* r, const std::optional<ContentRange>& range) {
  const ObjectMeta meta = meta_of(r);
  const off_t length = r->headers_out.content_length_n;
  std::uint64_t total = kUnknownTotal;
  if (range) {
    total = range->total.value_or(kUnknownTotal);
  } else if (length >= 0) {
    total = static_cast<std::uint64_t>(length);
  }
  const std::uint64_t known = target_->total();
  if (known != kUnknownTotal && total != kUnknownTotal && total != known) {
    return give_up(ErrorCode::kOriginChanged, 0);
  }
  if (!same_version(meta, target_->meta())) {
    if (has_validator(target_->meta()) || has_validator(meta)) {
      return give_up(ErrorCode::kOriginChanged, 0);
    }
    // Nothing says that it is the same: believed of pieces only, which never change.
    if (request_.kind != ObjectKind::kPiece && began_at_ != 0) {
      return give_up(ErrorCode::kOriginShortBody, 0);
    }
  }
  if (known == kUnknownTotal && total != kUnknownTotal) target_->set_total(total);
  head_ok_ = true;
  return NGX_OK;
}

ngx_int_t Fill::on_body(ngx_buf_t* b) {
  if (over_ || !head_ok_) return NGX_ERROR;
  blocked_ = false;
  while (ngx_buf_size(b) > 0) {
    std::size_t taken = 0;
    ngx_int_t rc = NGX_OK;
    if (ngx_buf_in_memory(b)) {
      rc = take({b->pos, static_cast<std::size_t>(b->last - b->pos)}, &taken);
      b->pos += taken;
    } else {
      std::array<std::uint8_t, 65536> bytes;
      const auto want =
          std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(b->file_last - b->file_pos));
      const ssize_t n = pread(b->file->fd, bytes.data(), want, b->file_pos);
      if (n <= 0) return NGX_ERROR;
      rc = take({bytes.data(), static_cast<std::size_t>(n)}, &taken);
      b->file_pos += static_cast<off_t>(taken);
    }
    if (rc != NGX_OK) {
      blocked_ = rc == NGX_AGAIN;
      return rc;
    }
  }
  return NGX_OK;
}

// Takes from the front of `bytes`; NGX_AGAIN when not all had room.
ngx_int_t Fill::take(ByteView bytes, std::size_t* taken) {
  const std::size_t all = bytes.size();
  if (!target_->begun()) {
    const ngx_int_t rc = take_probe(&bytes);
    *taken = all - bytes.size();
    if (rc != NGX_OK) return rc;
  }
  const std::uint64_t skipped = std::min<std::uint64_t>(skip_, bytes.size());
  skip_ -= skipped;
  bytes = bytes.subspan(static_cast<std::size_t>(skipped));
  *taken += static_cast<std::size_t>(skipped);
  if (bytes.empty()) return NGX_OK;

  const auto room =
      static_cast<std::size_t>(std::min<std::uint64_t>(target_->room(), bytes.size()));
  if (room != 0) {
    const ngx_int_t rc = result(target_->write(bytes.first(room)));
    if (rc != NGX_OK) return rc;
    *taken += room;
    if (StoreCounters* counters = target_->counters(); counters != nullptr) {
      counters->origin_bytes += room;
    }
  }
  return room == bytes.size() ? NGX_OK : NGX_AGAIN;
}

// The first bytes of a header file, held back until they say that it is one.
ngx_int_t Fill::take_probe(ByteView* bytes) {
  const std::size_t n = std::min(kHeaderMagic.size() - probe_.size(), bytes->size());
  probe_ += as_chars(bytes->first(n));
  *bytes = bytes->subspan(n);
  if (probe_.size() < kHeaderMagic.size()) return NGX_OK;
  if (probe_ != kHeaderMagic) return give_up(ErrorCode::kOriginStatus, kFaultNotHeader);
  const ngx_int_t rc = publish();
  return rc == NGX_OK ? result(target_->write(weir::as_bytes(probe_))) : rc;
}

void Fill::ended(AnswerEnd end) noexcept {
  r_ = nullptr;
  const bool settled = guard(ngx_cycle->log, "fill end", false, [&] {
    settle(end);
    return true;
  });
  if (!settled) delete this;
}

void Fill::settle(AnswerEnd end) {
  if (over_ || end == AnswerEnd::kForced) {
    delete this;
    return;
  }
  const std::uint64_t total = target_->total();
  const bool complete = end == AnswerEnd::kWhole && head_ok_ && skip_ == 0 && target_->begun() &&
                        (total == kUnknownTotal || total == target_->position());
  if (complete) {
    result(target_->finish());
    delete this;
    return;
  }
  if (end == AnswerEnd::kWhole && head_ok_ && !target_->begun()) {
    give_up(ErrorCode::kOriginStatus, kFaultNotHeader);  // shorter than the magic
    delete this;
    return;
  }
  retry_or_fail();
}

void Fill::retry_or_fail() {
  if (target_->position() > began_at_) {
    fruitless_ = 0;
    last_error_ = ErrorCode::kOriginShortBody;
    last_status_ = 0;
  } else {
    ++fruitless_;
  }
  if (fruitless_ >= kPauses.size() || attempts_ >= kMaxAttempts) {
    give_up(last_error_, last_status_);
    delete this;
    return;
  }
  ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                "weir: the origin's answer ended early: going on at byte %uL, weir fill: \"%s\"",
                target_->position(), request_.key.c_str());
  // Not cancelable: a worker that shuts down stays until its fills are done.
  ngx_add_timer(&timer_, kPauses[fruitless_]);
}

void Fill::on_timer(ngx_event_t* ev) noexcept {
  auto* fill = static_cast<Fill*>(static_cast<ngx_connection_t*>(ev->data)->data);
  guard_void(ngx_cycle->log, "fill", [&] { fill->attempt(); });
}

void Fill::made_room() noexcept {
  const WriteResult fault = target_->fault();
  if (fault != WriteResult::kOk && !over_) result(fault);
  if (r_ == nullptr) return;  // between two attempts: the timer looks
  if (over_ || !target_->still_wanted()) {
    over_ = true;
    DetachedRequest::cancel(r_);
  } else if (blocked_ && target_->room() >= Window::kSize / 4) {
    DetachedRequest::go_on(r_);
  }
}

}  // namespace

void start_fill(FillRequest request, std::unique_ptr<FillTarget> target) {
  if (StoreCounters* counters = target->counters(); counters != nullptr) ++counters->fills;
  auto* fill = new Fill(std::move(request), std::move(target));
  fill->attempt();
}

Error describe_failure(std::uint32_t packed) {
  const ErrorCode code = failure_code(packed);
  const unsigned status = failure_status(packed);
  switch (code) {
    case ErrorCode::kNotFound:
      return {code, "neither this server nor its origin has it"};
    case ErrorCode::kOriginUnreachable:
      return {code, "no origin server answered"};
    case ErrorCode::kOriginTimeout:
      return {code, "the origin did not answer in time"};
    case ErrorCode::kOriginShortBody:
      return {code, "the origin ended before the announced length"};
    case ErrorCode::kOriginChanged:
      return {code, "the origin's object changed while it was fetched"};
    case ErrorCode::kStoreFull:
      return {code, "no room in the store"};
    case ErrorCode::kOriginStatus:
      break;
    default:
      return {code, "the fetch from the origin failed"};
  }
  switch (status) {
    case kFaultHtml:
      return {code, "the origin sent an HTML page instead"};
    case kFaultNotHeader:
      return {code, "the origin sent something that is no header file"};
    case kFaultEncoded:
      return {code, "the origin sent an encoded body (Content-Encoding)"};
    case kFaultRange:
      return {code, "the origin sent another range than the one asked for"};
    default:
      return {code, "the origin answered " + std::to_string(status)};
  }
}

}  // namespace weir::edge
