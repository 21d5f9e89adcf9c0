// The claims a request is judged by, as bytes for the shared cache of verdicts.
#pragma once

#include <optional>

#include "core/base/bytes.h"
#include "core/token/token.h"

namespace weir::edge {

Bytes write_claims(const Token& token);

// nullopt: not what write_claims() makes. kid, issuer, subject and the limits are not kept.
std::optional<Token> read_claims(ByteView bytes);

}  // namespace weir::edge
