#include "ngx_module/http/log_redaction.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "core/token/token_path.h"
#include "ngx_module/glue/guard.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/module.h"

namespace weir::edge {

namespace {

ngx_log_handler_pt next_log_handler;

u_char* redacted_context(ngx_log_t* log, u_char* text, std::size_t room) noexcept {
  u_char* end = next_log_handler(log, text, room);
  // On any doubt the context is left out: a line that says less harms nobody.
  return guard(log, "redacting the log", text, [&] {
    const std::string_view said(reinterpret_cast<const char*>(text),
                                static_cast<std::size_t>(end - text));
    const auto clean = redact_tokens(said);
    if (!clean) return end;
    return std::copy_n(clean->begin(), std::min(clean->size(), room), text);
  });
}

void accept_connection(ngx_connection_t* c) noexcept {
  ngx_http_init_connection(c);
  // It may have been served and closed already: its log is then gone with its pool.
  if (c->destroyed || c->fd == static_cast<ngx_socket_t>(-1)) return;
  redact_log_of(c);
}

}  // namespace

void redact_log_of(ngx_connection_t* c) noexcept {
  if (c->log->handler == nullptr || c->log->handler == redacted_context) return;
  next_log_handler = c->log->handler;
  c->log->handler = redacted_context;
}

void redact_error_log(ngx_cycle_t* cycle) noexcept {
  if (cycle->conf_ctx[ngx_http_module.index] == nullptr) return;
  const auto* conf = static_cast<const MainConf*>(
      ngx_http_cycle_get_module_main_conf(cycle, ngx_http_weir_module));
  if (conf == nullptr || conf->edge_state == nullptr) return;
  const std::span listening(static_cast<ngx_listening_t*>(cycle->listening.elts),
                            cycle->listening.nelts);
  for (ngx_listening_t& socket : listening) {
    if (socket.handler == ngx_http_init_connection) socket.handler = accept_connection;
  }
}

}  // namespace weir::edge
