#include "ngx_module/http/request_context.h"

#include "ngx_module/glue/pool.h"
#include "ngx_module/http/module.h"

namespace weir::edge {

RequestContext* request_context(ngx_http_request_t* r) {
  r = r->main;
  auto* context = static_cast<RequestContext*>(ngx_http_get_module_ctx(r, ngx_http_weir_module));
  if (context != nullptr) return context;
  context = find_in_pool<RequestContext>(r->pool);
  if (context == nullptr) context = make_in_pool<RequestContext>(r->pool);
  ngx_http_set_ctx(r, context, ngx_http_weir_module);
  return context;
}

}  // namespace weir::edge
