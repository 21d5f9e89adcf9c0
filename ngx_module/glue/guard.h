// The wall between C++ and nginx: whatever pointer we give nginx runs its body inside guard(), so
// no exception (out of memory in a std container is the only expected one) unwinds through a C
// frame. Each call says which way it fails: the value returned when the body threw.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <exception>
#include <type_traits>
#include <utility>

namespace weir::edge {

// Runs `body`; when it throws, logs `where` and returns `on_throw`.
template <typename T, typename Body>
T guard(ngx_log_t* log, const char* where, T on_throw, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& e) {
    ngx_log_error(NGX_LOG_ERR, log, 0, "weir: %s: %s", where, e.what());
  } catch (...) {
    ngx_log_error(NGX_LOG_ERR, log, 0, "weir: %s: unknown exception", where);
  }
  return on_throw;
}

template <typename Body>
void guard_void(ngx_log_t* log, const char* where, Body&& body) noexcept {
  guard(log, where, 0, [&] {
    std::forward<Body>(body)();
    return 0;
  });
}

// The usual request handler: a fault is a 500, never an open door.
template <typename Body>
ngx_int_t guard_request(ngx_http_request_t* r, const char* where, Body&& body) noexcept {
  return guard(r->connection->log, where, ngx_int_t{NGX_HTTP_INTERNAL_SERVER_ERROR},
               [&]() -> ngx_int_t { return std::forward<Body>(body)(r); });
}

}  // namespace weir::edge
