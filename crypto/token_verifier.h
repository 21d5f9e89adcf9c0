// A set of public keys (JWKS) and the check of a token's signature against it. Immutable after
// construction, so it may be shared by threads; a new key file makes a new verifier.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/token/token.h"
#include "core/token/token_policy.h"
#include "crypto/signature.h"

namespace weir {

class TokenVerifier {
 public:
  // RFC 7517 key set. Keys that are not OKP/Ed25519 are skipped; none left, or no JSON:
  // kKeyMalformed.
  static Result<TokenVerifier> from_jwks(std::string_view json);

  // Syntax, key, algorithm (from the key, never from the token), signature. Not the policy:
  // check_token() is separate, because its answer changes with time and URL while this one may be
  // cached by the token's hash.
  Result<Token> verify_signature_of(std::string_view token) const;

  // Both: what most callers want.
  Result<Token> verify(std::string_view token, const TokenRequest& request) const;

  const std::vector<std::string>& key_ids() const noexcept { return kids_; }
  const std::vector<PublicKeyBytes>& public_keys() const noexcept { return keys_; }  // same order

 private:
  std::vector<std::string> kids_;
  std::vector<PublicKeyBytes> keys_;
};

// {"keys":[{"kty":"OKP","crv":"Ed25519","kid":...,"x":...,"alg":"EdDSA","use":"sig"}...]}
std::string jwks_json(const std::vector<PublicKeyBytes>& keys);

// Signs; kid and typ are filled in from the key.
std::string issue_token(const SigningKey& key, Token token);

}  // namespace weir
