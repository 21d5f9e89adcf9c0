// Weir's token: a signed JWT, profile of RFC 9246 (docs/formats/token.md). Parsing and policy only;
// the signature is crypto/token_verifier.h's. Nothing here trusts the token's own `alg`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace weir {

inline constexpr std::size_t kMaxTokenBytes = 1024;

enum class Right : std::uint8_t {
  kPlay = 1,
  kDownload = 2,
  kLive = 4,
  kMulticast = 8,
  kPublish = 16
};
std::string_view right_name(Right right) noexcept;  // "play", "dl", "live", "mc", "publish"
std::optional<Right> parse_right(std::string_view name) noexcept;

struct Token {
  // JOSE header
  std::string alg, kid, typ;
  // registered claims; times in seconds since 1970
  std::string issuer, subject, audience, id;
  std::int64_t issued_at = 0, not_before = 0, expires_at = 0;
  // claim "enp"
  std::string session;              // sid
  std::vector<std::string> titles;  // ast; "*" is every title
  std::uint8_t rights = 0;          // rts, bits of Right
  std::uint32_t max_sockets = 5;    // mxc
  std::uint32_t plays = 0;          // cnt; 0: no limit
  std::uint32_t window_s = 0;       // win; 0: no limit

  bool allows_title(std::string_view title) const noexcept;
  bool allows(Right right) const noexcept {
    return (rights & static_cast<std::uint8_t>(right)) != 0;
  }
};

// A compact JWS taken apart; views into the text given.
struct TokenParts {
  Token token;
  ByteView signing_input;  // "header.payload"
  std::array<std::uint8_t, 64> signature{};
};

// Syntax only: three base64url parts, JSON without duplicate keys, claims of the right types,
// unknown critical claims refused, at most kMaxTokenBytes. The signature is NOT checked.
Result<TokenParts> parse_token(std::string_view text);

// The "header.payload" text to sign.
std::string token_signing_input(const Token& token);

}  // namespace weir
