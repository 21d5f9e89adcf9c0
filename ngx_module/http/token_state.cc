#include "ngx_module/http/token_state.h"

#include "ngx_module/glue/pool.h"
#include "ngx_module/http/request_context.h"

namespace weir::edge {

TokenState* token_state(ngx_http_request_t* r) {
  RequestContext* context = request_context(r);
  if (context == nullptr) return nullptr;
  if (context->token == nullptr) context->token = make_in_pool<TokenState>(r->main->pool);
  return static_cast<TokenState*>(context->token);
}

}  // namespace weir::edge
