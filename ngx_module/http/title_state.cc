#include "ngx_module/http/title_state.h"

#include "ngx_module/glue/pool.h"
#include "ngx_module/http/request_context.h"

namespace weir::edge {

TitleState* title_state(ngx_http_request_t* r) {
  RequestContext* context = request_context(r);
  if (context == nullptr) return nullptr;
  if (context->title == nullptr) context->title = make_in_pool<TitleState>(r->main->pool);
  return static_cast<TitleState*>(context->title);
}

}  // namespace weir::edge
