#include "ngx_module/http/module.h"

#include <algorithm>
#include <array>

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/directives.h"
#include "ngx_module/http/worker.h"
#include "ngx_module/store/detached_request.h"

namespace weir::edge {

namespace {

constexpr std::size_t kMaxDirectives = 48;

// Every concern's directives, then zeros: the table nginx walks. Filled when the module is loaded,
// which is before any configuration is read.
std::array<ngx_command_t, kMaxDirectives + 1> commands = [] {
  std::array<ngx_command_t, kMaxDirectives + 1> all{};
  std::size_t n = 0;
  for (auto part :
       {store_directives(), status_directives(), title_directives(), token_directives()}) {
    for (const ngx_command_t& command : part) {
      if (n < kMaxDirectives) all[n++] = command;
    }
  }
  return all;
}();

ngx_int_t add_variables(ngx_conf_t* cf, std::span<const Variable> variables) {
  for (const Variable& v : variables) {
    ngx_str_t name = as_ngx_str(std::string_view(v.name));
    ngx_http_variable_t* var = ngx_http_add_variable(cf, &name, v.flags);
    if (var == nullptr) return NGX_ERROR;
    var->get_handler = v.get;
  }
  return NGX_OK;
}

ngx_int_t preconfiguration(ngx_conf_t* cf) noexcept {
  for (auto part : {store_variables(), title_variables(), token_variables()}) {
    if (add_variables(cf, part) != NGX_OK) return NGX_ERROR;
  }
  return NGX_OK;
}

ngx_int_t add_hooks(ngx_http_core_main_conf_t* core, std::span<const PhaseHook> hooks) {
  for (const PhaseHook& hook : hooks) {
    auto* handler =
        static_cast<ngx_http_handler_pt*>(ngx_array_push(&core->phases[hook.phase].handlers));
    if (handler == nullptr) return NGX_ERROR;
    *handler = hook.handler;
    // The log phase runs in order of registration, and nginx's own log module was first.
    if (hook.phase == NGX_HTTP_LOG_PHASE) {
      auto* first = static_cast<ngx_http_handler_pt*>(core->phases[hook.phase].handlers.elts);
      std::rotate(first, handler, handler + 1);
    }
  }
  return NGX_OK;
}

ngx_int_t postconfiguration(ngx_conf_t* cf) noexcept {
  auto* core = static_cast<ngx_http_core_main_conf_t*>(
      ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
  for (auto part : {token_hooks(), title_hooks(), object_hooks()}) {
    if (add_hooks(core, part) != NGX_OK) return NGX_ERROR;
  }
  if (check_origins(cf) != NGX_OK) return NGX_ERROR;
  DetachedRequest::install_filters();
  return NGX_OK;
}

ngx_http_module_t module_context = {
    preconfiguration,   postconfiguration, create_main_conf,     nullptr,
    create_server_conf, nullptr,           create_location_conf, merge_location_conf,
};

}  // namespace

}  // namespace weir::edge

extern "C" {

__attribute__((visibility("default"))) ngx_module_t ngx_http_weir_module = {
    NGX_MODULE_V1,
    &weir::edge::module_context,
    weir::edge::commands.data(),
    NGX_HTTP_MODULE,
    nullptr,
    weir::edge::init_module,
    weir::edge::init_process,
    nullptr,
    nullptr,
    weir::edge::exit_process,
    nullptr,
    NGX_MODULE_V1_PADDING,
};

// What nginx looks up in a dynamic module.
__attribute__((visibility("default")))
ngx_module_t* ngx_modules[] = {&ngx_http_weir_module, nullptr};
__attribute__((visibility("default"))) char* ngx_module_names[] = {
    const_cast<char*>("ngx_http_weir_module"), nullptr};
__attribute__((visibility("default"))) char* ngx_module_order[] = {nullptr};
}
