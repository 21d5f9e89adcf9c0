#include "ngx_module/http/title_answer.h"

#include <algorithm>
#include <array>

#include "crypto/content_key.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/request_context.h"

namespace weir::edge {

namespace {

// Sent to one viewer before the others get their turn: a viewer on a fast line never fills its
// socket, and a worker would open records for it alone.
constexpr std::uint64_t kTurnBytes = 256U << 10;

std::string boundary() {
  std::array<std::uint8_t, 16> random{};
  random_bytes(random);
  return to_hex(random);
}

}  // namespace

TitleAnswer::TitleAnswer(ngx_http_request_t* r, TitleExcerpt excerpt,
                         std::unique_ptr<PieceSource> source,
                         ngx_http_event_handler_pt write_handler)
    : r_(r),
      excerpt_(std::move(excerpt)),
      source_(std::move(source)),
      write_handler_(write_handler) {}

std::optional<ngx_int_t> TitleAnswer::run() {
  if (stage_ == Stage::kSelect) {
    if (const auto done = select()) return done;
  }
  if (stage_ == Stage::kBody) return body();
  return NGX_OK;
}

std::optional<ngx_int_t> TitleAnswer::select() {
  entity_.total = excerpt_.length;
  entity_.etag = as_ngx_str(excerpt_.etag);
  entity_.last_modified = excerpt_.last_modified;
  entity_.content_type = as_ngx_str(excerpt_.content_type);
  entity_.cache_control = as_ngx_str(excerpt_.cache_control);
  entity_.several_ranges = true;
  selection_ = select_bytes(r_, entity_);
  if (selection_.status == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
    add_content_range_star(r_, excerpt_.length);
    return send_problem(r_, ErrorCode::kBadRange,
                        "there are " + std::to_string(excerpt_.length) + " bytes");
  }
  if (selection_.status == NGX_HTTP_PRECONDITION_FAILED) return NGX_HTTP_PRECONDITION_FAILED;
  take_ranges(selection_);
  stage_ = Stage::kBody;
  if (parts_.empty() || r_->method == NGX_HTTP_HEAD) return send_head();
  at_ = parts_[0].range.offset;
  return std::nullopt;
}

// Several ranges become one representation of type multipart/byteranges (RFC 9110 section 14.6).
void TitleAnswer::take_ranges(const Selection& selection) {
  for (const ByteRange& range : selection.ranges) {
    parts_.push_back({{excerpt_.offset + range.offset, range.length}, {}});
  }
  if (parts_.size() < 2) return;
  const std::string mark = boundary();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const ByteRange& range = selection.ranges[i];
    parts_[i].head = "\r\n--" + mark + "\r\nContent-Type: " + excerpt_.content_type +
                     "\r\nContent-Range: bytes " + std::to_string(range.offset) + '-' +
                     std::to_string(range.end() - 1) + '/' + std::to_string(excerpt_.length) +
                     "\r\n\r\n";
    total += parts_[i].head.size() + range.length;
  }
  tail_ = "\r\n--" + mark + "--\r\n";
  excerpt_.content_type = "multipart/byteranges; boundary=" + mark;
  entity_.content_type = as_ngx_str(excerpt_.content_type);
  entity_.total = total + tail_.size();
  selection_.ranges.clear();  // there is no one Content-Range
}

// A value: the answer is complete with its head.
std::optional<ngx_int_t> TitleAnswer::send_head() {
  if (RequestContext* context = request_context(r_); context != nullptr) {
    context->cache_status = source_->cache_status();
  }
  head_sent_ = true;
  const ngx_int_t rc = send_entity_header(r_, entity_, selection_);
  if (rc == NGX_ERROR || rc > NGX_OK || r_->header_only) return rc;
  if (parts_.empty()) return ngx_http_send_special(r_, NGX_HTTP_LAST);
  return std::nullopt;
}

std::optional<ngx_int_t> TitleAnswer::body() {
  std::uint64_t turn = 0;
  while (part_ < parts_.size()) {
    const ByteRange& range = parts_[part_].range;
    PlainRun run;
    switch (source_->next(at_, range.end() - at_, &run)) {
      case Progress::kReady:
        break;
      case Progress::kParked:
        return wait_for_source();
      default:
        return failed();
    }
    if (!head_sent_) {
      if (const auto done = send_head()) return done;
    }
    if (const ngx_int_t rc = send(run); rc == NGX_ERROR) return rc;
    at_ += run.length;
    if (at_ == range.end() && ++part_ < parts_.size()) at_ = parts_[part_].range.offset;
    // What was sent must have left before its memory is used again.
    if (r_->buffered != 0 || r_->connection->buffered != 0) return wait_for_writer();
    turn += run.length;
    if (turn >= kTurnBytes && part_ < parts_.size()) return yield();
  }
  stage_ = Stage::kDone;
  return ngx_http_send_special(r_, NGX_HTTP_LAST);
}

bool TitleAnswer::link_text(ngx_chain_t**& tail, const std::string& text) {
  auto* b = static_cast<ngx_buf_t*>(ngx_calloc_buf(r_->pool));
  ngx_chain_t* link = ngx_alloc_chain_link(r_->pool);
  if (b == nullptr || link == nullptr) return false;
  const ngx_str_t view = as_ngx_str(text);
  b->pos = b->start = view.data;
  b->last = b->end = view.data + view.len;
  b->memory = 1;
  *link = {b, nullptr};
  *tail = link;
  tail = &link->next;
  return true;
}

ngx_int_t TitleAnswer::send(const PlainRun& run) {
  ngx_chain_t* out = nullptr;
  ngx_chain_t** tail = &out;
  const Part& part = parts_[part_];
  if (at_ == part.range.offset && !part.head.empty() && !link_text(tail, part.head)) {
    return NGX_ERROR;
  }
  auto* b = static_cast<ngx_buf_t*>(ngx_calloc_buf(r_->pool));
  ngx_chain_t* link = ngx_alloc_chain_link(r_->pool);
  if (b == nullptr || link == nullptr) return NGX_ERROR;
  if (run.memory.empty()) {
    b->in_file = 1;
    b->file = run.file;
    b->file_pos = static_cast<off_t>(run.file_offset);
    b->file_last = static_cast<off_t>(run.file_offset + run.length);
  } else {
    b->memory = 1;
    b->pos = b->start = const_cast<u_char*>(run.memory.data());
    b->last = b->end = b->pos + run.memory.size();
  }
  // Nothing may linger below postpone_output: its memory or file is gone after the next call of the
  // source.
  b->flush = 1;
  *link = {b, nullptr};
  *tail = link;
  tail = &link->next;
  const bool last = part_ + 1 == parts_.size() && at_ + run.length == part.range.end();
  if (last && !tail_.empty() && !link_text(tail, tail_)) return NGX_ERROR;
  return ngx_http_output_filter(r_, out);
}

// Before the header: the error as an answer. After it: a cut, never a clean end.
std::optional<ngx_int_t> TitleAnswer::failed() {
  const Error& error = source_->error();
  if (!head_sent_) return send_problem(r_, error);
  ngx_log_error(NGX_LOG_ERR, r_->connection->log, 0, "weir: answer cut at byte %uL: %s (%ui)",
                at_ - excerpt_.offset, error.detail.c_str(), static_cast<ngx_uint_t>(error.code));
  if (RequestContext* context = request_context(r_); context != nullptr) {
    context->error = error.code;
  }
  return NGX_ERROR;
}

std::optional<ngx_int_t> TitleAnswer::wait_for_source() {
  r_->read_event_handler = ngx_http_test_reading;
  r_->write_event_handler = ngx_http_request_empty_handler;
  return std::nullopt;
}

std::optional<ngx_int_t> TitleAnswer::wait_for_writer() {
  const auto* core = static_cast<const ngx_http_core_loc_conf_t*>(
      ngx_http_get_module_loc_conf(r_, ngx_http_core_module));
  ngx_event_t* wev = r_->connection->write;
  r_->read_event_handler = ngx_http_test_reading;
  r_->write_event_handler = write_handler_;
  if (!wev->delayed) {
    ngx_add_timer(wev, core->send_timeout);
  }
  if (ngx_handle_write_event(wev, core->send_lowat) != NGX_OK) return NGX_ERROR;
  return std::nullopt;
}

std::optional<ngx_int_t> TitleAnswer::yield() {
  r_->read_event_handler = ngx_http_test_reading;
  r_->write_event_handler = write_handler_;
  ngx_event_t* wev = r_->connection->write;
  ngx_post_event(wev, &ngx_posted_next_events);
  return std::nullopt;
}

std::optional<ngx_int_t> TitleAnswer::on_write() {
  ngx_connection_t* c = r_->connection;
  ngx_event_t* wev = c->write;
  if (wev->timedout) {
    ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT, "client timed out");
    c->timedout = 1;
    return NGX_HTTP_REQUEST_TIME_OUT;
  }
  if (!wev->delayed && !r_->aio) {
    if (ngx_http_output_filter(r_, nullptr) == NGX_ERROR) return NGX_ERROR;
  }
  if (r_->buffered != 0 || c->buffered != 0 || wev->delayed || r_->aio) return wait_for_writer();
  if (wev->timer_set) {
    ngx_del_timer(wev);
  }
  return run();
}

}  // namespace weir::edge
