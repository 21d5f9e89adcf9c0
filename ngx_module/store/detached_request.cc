#include "ngx_module/store/detached_request.h"

#include <sys/socket.h>
#include <unistd.h>

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"

namespace weir::edge {

namespace {

// Lives in the connection's pool. `hc` must stay first: nginx hands it back to us as
// r->http_connection.
struct Detached {
  ngx_http_connection_t hc;
  AnswerSink* sink;
  ngx_http_request_t* r;
  ngx_socket_t other_end;
  ngx_log_t log;
  ngx_http_log_ctx_t log_ctx;
  ngx_str_t key;
  ngx_chain_t* pending;  // bodies the sink had no room for
  bool whole;
  bool forced;
};

ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt next_body_filter;

// nginx's own connection calls; the answer never reaches them.
ssize_t no_recv(ngx_connection_t* c, u_char*, std::size_t) noexcept {
  c->read->ready = 0;
  c->read->eof = 1;
  return 0;
}
ssize_t no_recv_chain(ngx_connection_t* c, ngx_chain_t*, off_t) noexcept {
  return no_recv(c, nullptr, 0);
}
ssize_t no_send(ngx_connection_t*, u_char*, std::size_t size) noexcept {
  return static_cast<ssize_t>(size);
}
ngx_chain_t* no_send_chain(ngx_connection_t*, ngx_chain_t*, off_t) noexcept {
  return nullptr;
}

Detached* detached_of(ngx_http_request_t* r) noexcept {
  if (r->connection->send_chain != no_send_chain) return nullptr;
  return reinterpret_cast<Detached*>(r->http_connection);
}

// Ends a request whose upstream may be under way: its cleanup gives a reference back while nginx
// still looks at the request, so one more is taken before (as ngx_http_request_handler does).
void terminate(ngx_http_request_t* r) noexcept {
  r->main->count++;
  ngx_http_finalize_request(r, NGX_HTTP_CLIENT_CLOSED_REQUEST);
}

void on_event(ngx_event_t* ev) noexcept {
  auto* c = static_cast<ngx_connection_t*>(ev->data);
  auto* r = static_cast<ngx_http_request_t*>(c->data);
  ngx_http_set_log_request(c->log, r);
  if (c->close) {  // worker_shutdown_timeout
    reinterpret_cast<Detached*>(r->http_connection)->forced = true;
    terminate(r);
  } else if (ev->write) {
    r->write_event_handler(r);
  } else {
    r->read_event_handler(r);
  }
  ngx_http_run_posted_requests(c);
}

u_char* log_key(ngx_log_t* log, u_char* buf, std::size_t len) noexcept {
  auto* ctx = static_cast<ngx_http_log_ctx_t*>(log->data);
  const auto* self =
      reinterpret_cast<Detached*>(reinterpret_cast<char*>(ctx) - offsetof(Detached, log_ctx));
  if (log->action != nullptr) {
    u_char* p = ngx_snprintf(buf, len, " while %s", log->action);
    len -= static_cast<std::size_t>(p - buf);
    buf = p;
  }
  return ngx_snprintf(buf, len, ", weir fill: \"%V\"", &self->key);
}

void on_end(void* data) noexcept {
  auto* self = static_cast<Detached*>(data);
  close(self->other_end);
  self->sink->ended(self->forced  ? AnswerEnd::kForced
                    : self->whole ? AnswerEnd::kWhole
                                  : AnswerEnd::kCut);
}

// Gives the pending bodies to the sink. NGX_OK: all taken.
ngx_int_t drain(Detached* self) {
  while (self->pending != nullptr) {
    ngx_buf_t* b = self->pending->buf;
    if (ngx_buf_size(b) != 0) {
      const ngx_int_t rc = self->sink->on_body(b);
      if (rc != NGX_OK) return rc;
    }
    if (b->last_buf) self->whole = true;
    ngx_chain_t* taken = self->pending;
    self->pending = taken->next;
    ngx_free_chain(self->r->pool, taken);
  }
  return NGX_OK;
}

ngx_int_t header_filter(ngx_http_request_t* r) noexcept {
  Detached* self = detached_of(r);
  if (self == nullptr) return next_header_filter(r);
  if (r->header_sent) return NGX_OK;
  r->header_sent = 1;
  return guard(r->connection->log, "fill head", ngx_int_t{NGX_ERROR},
               [&] { return self->sink->on_head(r); });
}

ngx_int_t body_filter(ngx_http_request_t* r, ngx_chain_t* in) noexcept {
  Detached* self = detached_of(r);
  if (self == nullptr) return next_body_filter(r, in);
  return guard(r->connection->log, "fill body", ngx_int_t{NGX_ERROR}, [&]() -> ngx_int_t {
    if (in != nullptr && ngx_chain_add_copy(r->pool, &self->pending, in) != NGX_OK) {
      return NGX_ERROR;
    }
    const ngx_int_t rc = drain(self);
    r->connection->buffered = (self->pending != nullptr ? NGX_HTTP_WRITE_BUFFERED : 0) & 0xffU;
    return rc;
  });
}

bool set_address(ngx_connection_t* c, const RequestModel& model) {
  c->sockaddr = reinterpret_cast<sockaddr*>(copy_ngx_str(c->pool, model.peer).data);
  c->socklen = static_cast<socklen_t>(model.peer.size());
  c->addr_text = copy_ngx_str(c->pool, model.peer_text);
  c->local_sockaddr = reinterpret_cast<sockaddr*>(copy_ngx_str(c->pool, model.local).data);
  c->local_socklen = static_cast<socklen_t>(model.local.size());
  c->listening = model.listening;
  return c->sockaddr != nullptr && c->addr_text.data != nullptr && c->local_sockaddr != nullptr;
}

// A connection with everything ngx_http_create_request and the upstream module look at. nullptr:
// not even the socket pair could be had.
ngx_connection_t* make_connection(const RequestModel& model, AnswerSink* sink) {
  ngx_socket_t ends[2];
  ngx_log_t* cycle_log = ngx_cycle->log;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == -1) {
    ngx_log_error(NGX_LOG_ERR, cycle_log, ngx_errno, "weir: socketpair() failed");
    return nullptr;
  }
  ngx_connection_t* c = ngx_get_connection(ends[0], cycle_log);
  ngx_pool_t* pool = c == nullptr ? nullptr : ngx_create_pool(4096, cycle_log);
  auto* self =
      pool == nullptr ? nullptr : static_cast<Detached*>(ngx_pcalloc(pool, sizeof(Detached)));
  ngx_pool_cleanup_t* cleanup = self == nullptr ? nullptr : ngx_pool_cleanup_add(pool, 0);
  if (cleanup == nullptr) {
    if (pool != nullptr) ngx_destroy_pool(pool);
    close(ends[1]);
    if (c != nullptr) {
      ngx_close_connection(c);
    } else {
      close(ends[0]);
    }
    return nullptr;
  }
  self->sink = sink;
  self->other_end = ends[1];
  self->log = *cycle_log;
  self->log.handler = log_key;
  self->log.data = &self->log_ctx;
  self->log_ctx.connection = c;
  c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
  self->log.connection = c->number;
  c->pool = pool;
  c->log = &self->log;
  pool->log = &self->log;
  c->read->log = c->log;
  c->write->log = c->log;
  c->read->handler = on_event;
  c->write->handler = on_event;
  c->read->ready = 0;
  c->write->ready = 1;
  c->recv = no_recv;
  c->send = no_send;
  c->recv_chain = no_recv_chain;
  c->send_chain = no_send_chain;
  c->sndlowat = 1;
  c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
  c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
  c->start_time = ngx_current_msec;
  c->buffer = ngx_create_temp_buf(pool, 1);
  self->hc.conf_ctx = model.conf_ctx;
  self->hc.addr_conf = model.addr_conf;
  c->data = &self->hc;
#if (NGX_STAT_STUB)
  (void)ngx_atomic_fetch_add(ngx_stat_active, 1);
#endif
  cleanup->handler = on_end;
  cleanup->data = self;
  if (c->buffer == nullptr || !set_address(c, model)) {
    cleanup->handler = nullptr;
    close(ends[1]);
    ngx_http_close_connection(c);
    return nullptr;
  }
  return c;
}

bool push_header(ngx_http_request_t* r, const char* name, std::string_view value,
                 ngx_table_elt_t** known) {
  auto* header = static_cast<ngx_table_elt_t*>(ngx_list_push(&r->headers_in.headers));
  if (header == nullptr) return false;
  ngx_memzero(header, sizeof(*header));
  const std::string_view text(name);
  header->key = copy_ngx_str(r->pool, text);
  header->value = copy_ngx_str(r->pool, value);
  auto* lowcase = static_cast<u_char*>(ngx_pnalloc(r->pool, text.size()));
  if (header->key.data == nullptr || header->value.data == nullptr || lowcase == nullptr) {
    return false;
  }
  header->lowcase_key = lowcase;
  header->hash = ngx_hash_strlow(lowcase, header->key.data, header->key.len);
  if (known != nullptr) *known = header;
  return true;
}

// The request line and headers, all in r->pool.
bool fill_in(ngx_http_request_t* r, const RequestModel& model,
             const DetachedRequest::Asked& asked) {
  auto* self = reinterpret_cast<Detached*>(r->http_connection);
  const ngx_str_t key = copy_ngx_str(r->connection->pool, asked.key);
  const std::size_t question = asked.key.find('?');
  const std::string_view path = asked.key.substr(0, question);
  auto* decoded = static_cast<u_char*>(ngx_pnalloc(r->pool, path.size() + 1));
  if (key.data == nullptr || decoded == nullptr) return false;
  self->key = key;
  r->unparsed_uri = key;
  r->valid_unparsed_uri = 1;
  u_char* from = key.data;
  u_char* to = decoded;
  ngx_unescape_uri(&to, &from, path.size(), 0);
  r->uri = {static_cast<std::size_t>(to - decoded), decoded};
  if (question != std::string_view::npos) {
    r->args = {key.len - question - 1, key.data + question + 1};
  }
  ngx_http_set_exten(r);
  r->method = NGX_HTTP_GET;
  ngx_str_set(&r->method_name, "GET");
  r->http_version = NGX_HTTP_VERSION_11;
  ngx_str_set(&r->http_protocol, "HTTP/1.1");
  r->request_line = copy_ngx_str(r->pool, "GET " + std::string(asked.key) + " HTTP/1.1");
  r->headers_in.server = copy_ngx_str(r->pool, model.server);
  r->logged = 1;
  constexpr ngx_uint_t kHeaders = 4;
  if (ngx_list_init(&r->headers_in.headers, r->pool, kHeaders, sizeof(ngx_table_elt_t)) != NGX_OK) {
    return false;
  }
  if (!push_header(r, "Host", model.server, &r->headers_in.host)) return false;
  if (!asked.from) return true;
  const std::string range = "bytes=" + std::to_string(*asked.from) + "-";
  if (!push_header(r, "Range", range, &r->headers_in.range)) return false;
  return asked.if_range.empty() ||
         push_header(r, "If-Range", asked.if_range, &r->headers_in.if_range);
}

}  // namespace

RequestModel RequestModel::of(ngx_http_request_t* r) {
  const ngx_connection_t* c = r->connection;
  auto* server =
      static_cast<ngx_http_core_srv_conf_t*>(ngx_http_get_module_srv_conf(r, ngx_http_core_module));
  RequestModel model;
  model.conf_ctx = server->ctx;
  model.addr_conf = r->http_connection->addr_conf;
  model.listening = c->listening;
  model.server = as_view(r->headers_in.server);
  model.peer.assign(reinterpret_cast<const char*>(c->sockaddr), c->socklen);
  model.peer_text = as_view(c->addr_text);
  // The address of the listener: the connection's own is filled in only on demand.
  model.local.assign(reinterpret_cast<const char*>(c->local_sockaddr), c->local_socklen);
  return model;
}

bool DetachedRequest::start(const RequestModel& model, const Asked& asked, AnswerSink* sink) {
  ngx_connection_t* c = make_connection(model, sink);
  if (c == nullptr) return false;
  ngx_http_request_t* r = ngx_http_create_request(c);
  if (r == nullptr) {
    ngx_http_close_connection(c);  // ended() comes from its cleanup
    return true;
  }
  c->data = r;
  reinterpret_cast<Detached*>(r->http_connection)->r = r;
  if (!fill_in(r, model, asked)) {
    ngx_http_finalize_request(r, NGX_HTTP_CLIENT_CLOSED_REQUEST);
    ngx_http_run_posted_requests(c);
    return true;
  }
  ngx_str_t location = copy_ngx_str(r->pool, asked.location);
  ngx_http_named_location(r, &location);
  // The reference named_location took; the request may be gone after this.
  ngx_http_finalize_request(r, NGX_DONE);
  ngx_http_run_posted_requests(c);
  return true;
}

void DetachedRequest::go_on(ngx_http_request_t* r) {
  ngx_connection_t* c = r->connection;
  r->write_event_handler(r);
  ngx_http_run_posted_requests(c);
}

void DetachedRequest::cancel(ngx_http_request_t* r) {
  ngx_connection_t* c = r->connection;
  terminate(r);
  ngx_http_run_posted_requests(c);
}

bool DetachedRequest::is(ngx_http_request_t* r) noexcept {
  return detached_of(r) != nullptr;
}

void DetachedRequest::install_filters() noexcept {
  next_header_filter = ngx_http_top_header_filter;
  ngx_http_top_header_filter = header_filter;
  next_body_filter = ngx_http_top_body_filter;
  ngx_http_top_body_filter = body_filter;
}

}  // namespace weir::edge
