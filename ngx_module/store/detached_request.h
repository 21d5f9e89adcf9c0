// A request of our own, with no viewer behind it, sent into a named location of the operator's: its
// answer comes to a sink instead of a socket. nginx does the rest: upstream{}, failover, TLS,
// keepalive, resolver, caches.
//
// How: an ngx_connection_t on one end of a socketpair, ngx_http_create_request,
// ngx_http_named_location; two filters at the top of the chain hand the answer to the sink. One
// thread.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::edge {

enum class AnswerEnd : std::uint8_t {
  kWhole,   // the answer came to its regular end
  kCut,     // it did not: nobody answered, the connection broke, or the sink aborted
  kForced,  // the worker is told to leave now (worker_shutdown_timeout)
};

// Who gets the answer. Any call may be the last one before ended(); ended() comes exactly once,
// from a pool cleanup: nothing of the request may be touched in it, and no new one be started.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  // The status and headers are in r->headers_out (and r->upstream->headers_in). NGX_ERROR: abort.
  virtual ngx_int_t on_head(ngx_http_request_t* r) = 0;
  // Takes bytes from the front of `b` by moving its pos (file_pos when only in a file), all unless
  // it has no room. NGX_OK, NGX_AGAIN: the rest later, after DetachedRequest::go_on(); NGX_ERROR:
  // abort.
  virtual ngx_int_t on_body(ngx_buf_t* b) = 0;
  // The request is gone.
  virtual void ended(AnswerEnd end) noexcept = 0;
};

// What a viewer's request leaves behind so that later requests can be made when it is gone.
struct RequestModel {
  ngx_http_conf_ctx_t* conf_ctx = nullptr;  // of the server{}
  ngx_http_addr_conf_t* addr_conf = nullptr;
  ngx_listening_t* listening = nullptr;
  std::string server;  // Host
  std::string peer;    // sockaddr of the viewer
  std::string peer_text;
  std::string local;
  static RequestModel of(ngx_http_request_t* r);
};

class DetachedRequest {
 public:
  struct Asked {
    std::string_view location;          // "@name"
    std::string_view key;               // escaped path, "?args"
    std::optional<std::uint64_t> from;  // Range: bytes=from-
    std::string_view if_range;          // with `from`; empty: none
  };

  // Starts; the sink may be called, even ended(), before this returns. False: nothing was started
  // and ended() will not come.
  static bool start(const RequestModel& model, const Asked& asked, AnswerSink* sink);

  // Whether `r` is one of these: no viewer's, so that no viewer's token is asked for.
  static bool is(ngx_http_request_t* r) noexcept;

  // What can be done to the running request of a sink (handle given to on_head).
  static void go_on(ngx_http_request_t* r);  // there is room again
  static void cancel(ngx_http_request_t* r);

  // Installs the filters. Postconfiguration.
  static void install_filters() noexcept;
};

}  // namespace weir::edge
