// What each concern adds to the module: directives, phase handlers, variables. Every file exports
// spans over constant arrays; module.cc joins them. To add a concern: declare its spans here,
// define them in its own file, name them in module.cc.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <span>

namespace weir::edge {

struct PhaseHook {
  ngx_http_phases phase;
  ngx_http_handler_pt handler;  // noexcept, guarded
};

struct Variable {
  const char* name;
  ngx_http_get_variable_pt get;  // noexcept
  ngx_uint_t flags;              // NGX_HTTP_VAR_…
};

// store_directives.cc: weir_store, weir_root, weir_origin, weir_cache.
std::span<const ngx_command_t> store_directives() noexcept;
// status_handler.cc: weir_status.
std::span<const ngx_command_t> status_directives() noexcept;
// title_directives.cc
std::span<const ngx_command_t> title_directives() noexcept;
std::span<const PhaseHook> title_hooks() noexcept;
std::span<const Variable> title_variables() noexcept;
// token_directives.cc
std::span<const ngx_command_t> token_directives() noexcept;
std::span<const PhaseHook> token_hooks() noexcept;
std::span<const Variable> token_variables() noexcept;
// object_handler.cc: /media/ and the like
std::span<const PhaseHook> object_hooks() noexcept;
// variables.cc
std::span<const Variable> store_variables() noexcept;

}  // namespace weir::edge
