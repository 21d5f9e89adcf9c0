// Whether a token whose signature holds admits a request now.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/token/token.h"

namespace weir {

struct TokenRequest {
  std::string_view title{};  // empty: the URL names no title (a piece: pieces are anonymous)
  Right right = Right::kPlay;
  std::string_view audience{};  // this edge's group; empty: not checked
  std::int64_t now_unix_s = 0;
};

inline constexpr std::int64_t kTokenSkewS = 30;
inline constexpr std::int64_t kMaxTokenLifeS = 300;            // exp - iat
inline constexpr std::int64_t kMaxDownloadTokenLifeS = 43200;  // 12 h with right dl

// A token with right dl may do what play does for GET of pieces and files. Errors: kTokenExpired,
// kTokenNotYetValid, kTokenLifetime, kTokenWrongTitle, kTokenWrongRight, kTokenWrongAudience.
Status check_token(const Token& token, const TokenRequest& request);

}  // namespace weir
