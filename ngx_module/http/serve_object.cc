#include "ngx_module/http/serve_object.h"

#include <algorithm>
#include <string>

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/pool.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/entity.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/request_context.h"

namespace weir::edge {

namespace {

// What a viewer who follows a fill is sent before others have their turn: those who join get their
// first byte within milliseconds, however much the rest have to catch up.
constexpr std::uint64_t kTurnBytes = 256U << 10;

// One answer in progress; owned by r->pool.
class Serving {
 public:
  Serving(const ObjectRequest& request, const ServeOptions& options)
      : r_(request.r),
        content_type_(copy_ngx_str(r_->pool, options.content_type)),
        cache_control_(copy_ngx_str(r_->pool, options.cache_control)),
        etag_(copy_ngx_str(r_->pool, options.etag)),
        reader_(ObjectReader::open(request, on_ready, this)) {}

  // What the content handler returns.
  ngx_int_t start();

 private:
  static void on_ready(void* self) noexcept;
  static void on_write(ngx_http_request_t* r) noexcept;

  ngx_int_t go_on();
  ngx_int_t send_head();
  ngx_int_t pump();
  ngx_int_t send_extent(const Extent& extent);
  ngx_int_t end_failed();
  ngx_int_t wait_for_reader();
  ngx_int_t wait_for_writer();
  void resume();

  ngx_http_request_t* r_;
  ngx_str_t content_type_;
  ngx_str_t cache_control_;
  ngx_str_t etag_;
  ObjectReader* reader_;
  bool head_sent_ = false;
  bool held_ = false;     // we own a reference on the request
  bool growing_ = false;  // bytes come in pieces: flush each
  std::uint64_t at_ = 0;
  std::optional<std::uint64_t> end_;  // not known: until kEnd
};

// nginx calls write_event_handler with the request alone.
struct ServingSlot {
  Serving* serving;
};

ngx_int_t Serving::start() {
  const ngx_int_t rc = go_on();
  if (rc != NGX_DONE) return rc;
  // Asynchronous from here on.
  held_ = true;
  r_->main->count++;
  return NGX_DONE;
}

// NGX_DONE: waiting; anything else ends the request.
ngx_int_t Serving::go_on() {
  if (!head_sent_) {
    const ngx_int_t rc = send_head();
    if (!head_sent_ || rc != NGX_OK) return rc;
  }
  return pump();
}

// head_sent_ and NGX_OK: the body follows. Else: waiting (NGX_DONE), or the answer is complete.
ngx_int_t Serving::send_head() {
  ObjectInfo info;
  switch (reader_->info(&info)) {
    case Progress::kParked:
      return wait_for_reader();
    case Progress::kReady:
      break;
    default:
      return end_failed();
  }
  if (RequestContext* context = request_context(r_); context != nullptr) {
    context->cache_status = info.status;
  }
  growing_ = !info.complete;
  Entity entity;
  entity.total = info.total;
  entity.etag = etag_.len != 0 ? etag_ : info.etag;
  entity.last_modified = info.last_modified;
  entity.content_type = content_type_.len != 0 ? content_type_ : info.content_type;
  entity.cache_control = cache_control_;
  entity.several_ranges = info.complete;
  const Selection selection = select_bytes(r_, entity);
  if (selection.status == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
    add_content_range_star(r_, info.total.value_or(0));
    return send_problem(r_, ErrorCode::kBadRange,
                        "the object has " + std::to_string(info.total.value_or(0)) + " bytes");
  }
  if (selection.status == NGX_HTTP_PRECONDITION_FAILED) return NGX_HTTP_PRECONDITION_FAILED;
  if (selection.ranges.size() == 1) {
    at_ = selection.ranges[0].offset;
    end_ = selection.ranges[0].end();
  } else {
    end_ = info.total;
  }
  const ngx_int_t rc = send_entity_header(r_, entity, selection);
  if (rc == NGX_ERROR || rc > NGX_OK || r_->header_only) return rc;
  head_sent_ = true;
  return NGX_OK;
}

ngx_int_t Serving::pump() {
  for (;;) {
    if (end_ && at_ >= *end_) return ngx_http_send_special(r_, NGX_HTTP_LAST);
    std::uint64_t want = end_ ? *end_ - at_ : std::numeric_limits<std::uint64_t>::max();
    if (growing_) want = std::min(want, kTurnBytes);
    Extent extent;
    switch (reader_->extent(at_, want, &extent)) {
      case Progress::kParked:
        return wait_for_reader();
      case Progress::kFailed:
        return end_failed();
      case Progress::kEnd:
        // A clean end before the length announced would be a lie.
        if (end_) return NGX_ERROR;
        return ngx_http_send_special(r_, NGX_HTTP_LAST);
      case Progress::kReady:
        break;
    }
    const ngx_int_t rc = send_extent(extent);
    if (rc == NGX_ERROR) return rc;
    at_ += extent.length;
    if (end_ && at_ >= *end_) return rc;  // the last buffer went with it
    if (r_->buffered != 0 || r_->connection->buffered != 0) return wait_for_writer();
    if (extent.length == kTurnBytes && growing_) {
      ngx_post_event(r_->connection->write, &ngx_posted_next_events);
      return wait_for_writer();
    }
  }
}

ngx_int_t Serving::send_extent(const Extent& extent) {
  auto* b = static_cast<ngx_buf_t*>(ngx_calloc_buf(r_->pool));
  if (b == nullptr) return NGX_ERROR;
  b->in_file = 1;
  b->file = extent.file;
  b->file_pos = static_cast<off_t>(extent.file_offset);
  b->file_last = static_cast<off_t>(extent.file_offset + extent.length);
  b->flush = growing_ ? 1 : 0;
  if (end_ && at_ + extent.length >= *end_) {
    b->last_buf = 1;
    b->last_in_chain = 1;
  }
  ngx_chain_t out = {b, nullptr};
  return ngx_http_output_filter(r_, &out);
}

// Before the header: the error as an answer. After it: a cut, never a clean end.
ngx_int_t Serving::end_failed() {
  const Error& error = reader_->error();
  RequestContext* context = request_context(r_);
  if (context != nullptr) context->cache_status = reader_->status();
  if (!head_sent_) return send_problem(r_, error);
  ngx_log_error(NGX_LOG_ERR, r_->connection->log, 0, "weir: answer cut after %uL bytes: %s (%ui)",
                at_, error.detail.c_str(), static_cast<ngx_uint_t>(error.code));
  if (context != nullptr) context->error = error.code;
  if (!end_ && r_->http_version < NGX_HTTP_VERSION_11) {
    // The end of the connection is the end of the body there: only a reset tells them apart.
    struct linger reset = {1, 0};
    setsockopt(r_->connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  return NGX_ERROR;
}

ngx_int_t Serving::wait_for_reader() {
  r_->read_event_handler = ngx_http_test_reading;
  r_->write_event_handler = ngx_http_request_empty_handler;
  return NGX_DONE;
}

ngx_int_t Serving::wait_for_writer() {
  auto* core = static_cast<ngx_http_core_loc_conf_t*>(
      ngx_http_get_module_loc_conf(r_, ngx_http_core_module));
  ngx_event_t* wev = r_->connection->write;
  r_->read_event_handler = ngx_http_test_reading;
  r_->write_event_handler = on_write;
  if (!wev->delayed) {
    ngx_add_timer(wev, core->send_timeout);
  }
  return ngx_handle_write_event(wev, core->send_lowat) == NGX_OK ? NGX_DONE : NGX_ERROR;
}

void Serving::resume() {
  const ngx_int_t rc = go_on();
  if (rc == NGX_DONE) return;
  ngx_http_finalize_request(r_, rc);
}

void Serving::on_ready(void* self) noexcept {
  auto* serving = static_cast<Serving*>(self);
  ngx_http_request_t* r = serving->r_;
  const bool done = guard(r->connection->log, "serve_object", false, [&] {
    serving->resume();
    return true;
  });
  if (!done) ngx_http_finalize_request(r, NGX_ERROR);
}

void Serving::on_write(ngx_http_request_t* r) noexcept {
  auto* slot = find_in_pool<ServingSlot>(r->pool);
  ngx_connection_t* c = r->connection;
  ngx_event_t* wev = c->write;
  if (wev->timedout) {
    ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT, "client timed out");
    c->timedout = 1;
    ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
    return;
  }
  const bool done = guard(c->log, "serve_object", false, [&] {
    if (!wev->delayed && !r->aio) {
      const ngx_int_t rc = ngx_http_output_filter(r, nullptr);
      if (rc == NGX_ERROR) return false;
    }
    if (r->buffered != 0 || c->buffered != 0 || wev->delayed || r->aio) {
      return slot->serving->wait_for_writer() == NGX_DONE;
    }
    if (wev->timer_set) {
      ngx_del_timer(wev);
    }
    slot->serving->resume();
    return true;
  });
  if (!done) ngx_http_finalize_request(r, NGX_ERROR);
}

}  // namespace

void prepare_output(ngx_http_request_t* r) noexcept {
  ngx_connection_t* c = r->connection;
  if (r->main->stream != nullptr) return;  // HTTP/2 looks after its own connection
  auto* core =
      static_cast<ngx_http_core_loc_conf_t*>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
  c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
  if (core->tcp_nodelay) ngx_tcp_nodelay(c);
}

ngx_int_t serve_object(const ObjectRequest& request, const ServeOptions& options) {
  ngx_http_request_t* r = request.r;
  if ((r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) == 0) {
    add_header(r, "Allow", "GET, HEAD");
    return send_problem(r, ErrorCode::kMethodNotAllowed, "only GET and HEAD here");
  }
  if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
  auto* serving = make_in_pool<Serving>(r->pool, request, options);
  auto* slot = make_in_pool<ServingSlot>(r->pool);
  if (serving == nullptr || slot == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  slot->serving = serving;
  return serving->start();
}

}  // namespace weir::edge
