// weir_token of a location. Owner and life: see conf.h.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "core/token/token.h"
#include "crypto/token_verifier.h"

namespace weir::edge {

// A key set as it was read when the configuration was: a reload reads it again.
struct TokenKeys {
  TokenVerifier verifier;
  Digest digest{};  // of the file: verdicts reached with other keys do not count
};

struct TokenConf {
  bool set = false;                       // weir_token written here, `off` included
  std::shared_ptr<const TokenKeys> keys;  // null: off
  ngx_str_t audience = ngx_null_string;   // empty: not checked
  Right right = Right::kPlay;
};

inline void merge(const TokenConf& parent, TokenConf& conf) {
  if (!conf.set) conf = parent;
}

}  // namespace weir::edge
