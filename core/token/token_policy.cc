#include "core/token/token_policy.h"

#include <algorithm>
#include <string>

namespace weir {
namespace {

std::string seconds(std::int64_t count) {
  return std::to_string(count) + " s";
}

Status check_times(const Token& token, std::int64_t now) {
  const std::int64_t starts = std::max(token.not_before, token.issued_at);
  if (starts - now > kTokenSkewS) {
    return fail(ErrorCode::kTokenNotYetValid,
                "the token is not valid until " + seconds(starts - now) + " from now");
  }
  if (now - token.expires_at > kTokenSkewS) {
    return fail(ErrorCode::kTokenExpired,
                "the token expired " + seconds(now - token.expires_at) + " ago");
  }
  const std::int64_t limit =
      token.allows(Right::kDownload) ? kMaxDownloadTokenLifeS : kMaxTokenLifeS;
  const std::int64_t life = token.expires_at - token.issued_at;
  if (life <= 0 || life > limit) {
    return fail(ErrorCode::kTokenLifetime, "the token lives " + seconds(life) +
                                               "; with its rights at most " + seconds(limit) +
                                               " are allowed");
  }
  return {};
}

}  // namespace

Status check_token(const Token& token, const TokenRequest& request) {
  if (Status times = check_times(token, request.now_unix_s); !times) return times;
  if (!request.audience.empty() && !token.audience.empty() && token.audience != request.audience) {
    return fail(ErrorCode::kTokenWrongAudience, "the token is for the edges of " + token.audience);
  }
  if (!request.title.empty() && !token.allows_title(request.title)) {
    return fail(ErrorCode::kTokenWrongTitle, "the token is for other titles");
  }
  const bool download_plays = request.right == Right::kPlay && token.allows(Right::kDownload);
  if (!token.allows(request.right) && !download_plays) {
    return fail(ErrorCode::kTokenWrongRight,
                "the token lacks the right " + std::string(right_name(request.right)));
  }
  return {};
}

}  // namespace weir
