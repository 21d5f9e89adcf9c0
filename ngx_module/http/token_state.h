// What is known of a request's token. Lives in r->pool, survives internal redirects.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <optional>

#include "core/token/token.h"
#include "ngx_module/http/token_path.h"

namespace weir::edge {

struct TokenState {
  RequestToken request;
  // The claims, once the signature was found good with the keys of a location; no rights follow
  // from them alone.
  std::optional<Token> claims;
  bool admitted = false;  // weir_token let the request pass
};

// Made at first use; nullptr only when out of memory.
TokenState* token_state(ngx_http_request_t* r);

}  // namespace weir::edge
