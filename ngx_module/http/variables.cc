#include <string_view>

#include "ngx_module/glue/str.h"
#include "ngx_module/http/directives.h"
#include "ngx_module/http/request_context.h"

namespace weir::edge {

namespace {

ngx_int_t set_value(ngx_http_variable_value_t* v, std::string_view text) noexcept {
  v->valid = 1;
  v->no_cacheable = 1;  // the answer is not known before the content phase
  v->not_found = text.empty() ? 1 : 0;
  v->len = static_cast<unsigned>(text.size()) & 0x0fffffffU;
  v->data = as_ngx_str(text).data;
  return NGX_OK;
}

ngx_int_t cache_status(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t) noexcept {
  const RequestContext* context = request_context(r);
  return set_value(v, context == nullptr ? std::string_view{} : name_of(context->cache_status));
}

const Variable variables[] = {
    {"weir_cache_status", cache_status, NGX_HTTP_VAR_NOCACHEABLE},
};

}  // namespace

std::span<const Variable> store_variables() noexcept {
  return variables;
}

}  // namespace weir::edge
