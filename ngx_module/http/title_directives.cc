// weir_title, its phases and variables.
#include <array>
#include <string>
#include <string_view>

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/content_keys.h"
#include "ngx_module/http/directives.h"
#include "ngx_module/http/edge_state.h"
#include "ngx_module/http/title_handler.h"
#include "ngx_module/http/title_location.h"

namespace weir::edge {

namespace {

char* fail_conf() noexcept {
  return static_cast<char*>(NGX_CONF_ERROR);
}

ngx_http_core_loc_conf_t* core_location(ngx_conf_t* cf) noexcept {
  return static_cast<ngx_http_core_loc_conf_t*>(
      ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
}

bool is_suffix(std::string_view text) noexcept {
  if (text.empty() || text.size() > 16) return false;
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fine) return false;
  }
  return true;
}

char* load_keys(ngx_conf_t* cf, TitleConf& conf, std::string_view dir) {
  ngx_str_t full = copy_ngx_str(cf->pool, dir);
  if (full.data == nullptr || ngx_conf_full_name(cf->cycle, &full, 1) != NGX_OK) return fail_conf();
  auto keys = ContentKeys::load(std::string(as_view(full)), cf->log);
  if (!keys) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "weir_title: cannot read the key directory %s",
                       keys.error().detail.c_str());
    return fail_conf();
  }
  conf.content_keys = std::make_shared<ContentKeys>(*std::move(keys));
  return NGX_CONF_OK;
}

char* set_parameter(ngx_conf_t* cf, TitleConf& conf, const ngx_str_t& argument) {
  const std::string_view text = as_view(argument);
  if (text.starts_with("keys=") && text.size() > 5) return load_keys(cf, conf, text.substr(5));
  if (text.starts_with("suffix=") && is_suffix(text.substr(7))) {
    conf.suffix = copy_ngx_str(cf->pool, text.substr(7));
    return NGX_CONF_OK;
  }
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "weir_title: invalid parameter \"%V\"", &argument);
  return fail_conf();
}

// weir_title [keys=DIR] [suffix=enp];
char* set_title(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  return guard(cf->log, "weir_title", fail_conf(), [&]() -> char* {
    TitleConf& title = static_cast<LocationConf*>(conf)->title;
    if (title.enabled) return const_cast<char*>("is duplicate");
    title.enabled = true;
    title.suffix = as_ngx_str(std::string_view("enp"));
    for (ngx_uint_t i = 1; i < cf->args->nelts; ++i) {
      const ngx_str_t& argument = static_cast<const ngx_str_t*>(cf->args->elts)[i];
      if (char* error = set_parameter(cf, title, argument); error != NGX_CONF_OK) return error;
    }
    MainConf* main = main_conf(cf);
    main->edge_state = add_edge_state(cf);
    if (main->edge_state == nullptr) return fail_conf();
    note_takes_tokens(cf);
    core_location(cf)->handler = serve_title;
    return NGX_CONF_OK;
  });
}

ngx_int_t title_variable(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t) noexcept {
  const auto title =
      guard(r->connection->log, "$weir_title", std::string_view(), [&] { return title_of(r); });
  v->data = as_ngx_str(title).data;
  v->len = static_cast<unsigned>(title.size()) & 0x0fffffffU;
  v->valid = !title.empty();
  v->not_found = title.empty();
  v->no_cacheable = 0;
  return NGX_OK;
}

const std::array kDirectives{
    ngx_command_t{ngx_string("weir_title"), NGX_HTTP_LOC_CONF | NGX_CONF_ANY, set_title,
                  NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
};

const std::array kHooks{
    PhaseHook{NGX_HTTP_PREACCESS_PHASE, admit_browsers},
};

const std::array kVariables{
    Variable{"weir_title", title_variable, NGX_HTTP_VAR_NOCACHEABLE},
};

}  // namespace

void merge(ngx_conf_t* cf, const TitleConf& parent, TitleConf& conf) {
  ngx_http_core_loc_conf_t* core = core_location(cf);
  if (!core->noname || !parent.enabled || conf.enabled) return;
  conf = parent;
  core->handler = serve_title;
}

std::span<const ngx_command_t> title_directives() noexcept {
  return kDirectives;
}
std::span<const PhaseHook> title_hooks() noexcept {
  return kHooks;
}
std::span<const Variable> title_variables() noexcept {
  return kVariables;
}

}  // namespace weir::edge
