#include "crypto/token_verifier.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/token/strict_json.h"

namespace weir {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxJwksBytes = 1U << 20;

bool is_text(const json& object, const char* name, std::string_view value) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() && at->get_ref<const std::string&>() == value;
}

bool is_text_or_absent(const json& object, const char* name, std::string_view value) {
  return !object.contains(name) || is_text(object, name, value);
}

bool is_usable(const json& jwk) {
  return jwk.is_object() && is_text(jwk, "kty", "OKP") && is_text(jwk, "crv", "Ed25519") &&
         is_text_or_absent(jwk, "use", "sig") && is_text_or_absent(jwk, "alg", "EdDSA");
}

std::optional<PublicKeyBytes> public_bytes(const json& jwk) {
  const auto x = jwk.find("x");
  if (x == jwk.end() || !x->is_string()) return std::nullopt;
  const std::optional<Bytes> bytes = from_base64url(x->get_ref<const std::string&>());
  PublicKeyBytes out;
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

tl::unexpected<Error> malformed(std::string detail) {
  return fail(ErrorCode::kKeyMalformed, "key set: " + std::move(detail));
}

}  // namespace

Result<TokenVerifier> TokenVerifier::from_jwks(std::string_view text) {
  if (text.size() > kMaxJwksBytes) return malformed("over 1 MiB");
  const std::optional<json> set = parse_strict_json(text);
  if (!set) return malformed("not JSON, or a name occurs twice in an object");
  if (!set->is_object() || !set->contains("keys") || !set->at("keys").is_array()) {
    return malformed("not a JWK set (RFC 7517): no array \"keys\"");
  }
  TokenVerifier out;
  std::size_t index = 0;
  for (const json& jwk : set->at("keys")) {
    const std::string which = "key " + std::to_string(index++);
    if (!is_usable(jwk)) continue;
    if (jwk.contains("d")) return malformed(which + " is a private key: publish only public ones");
    const std::optional<PublicKeyBytes> key = public_bytes(jwk);
    if (!key) return malformed(which + ": \"x\" is not 32 bytes in base64url");
    std::string kid = key_thumbprint(*key);
    if (const auto given = jwk.find("kid"); given != jwk.end()) {
      if (!given->is_string()) return malformed(which + ": \"kid\" is not text");
      kid = given->get<std::string>();
    }
    const auto same = std::find(out.kids_.begin(), out.kids_.end(), kid);
    if (same != out.kids_.end()) {
      return malformed(which + " has the kid of an earlier one");
    }
    out.kids_.push_back(std::move(kid));
    out.keys_.push_back(*key);
  }
  if (out.keys_.empty()) return malformed("no Ed25519 key (kty OKP, crv Ed25519) for signatures");
  return out;
}

Result<Token> TokenVerifier::verify_signature_of(std::string_view text) const {
  Result<TokenParts> parts = parse_token(text);
  if (!parts) return tl::unexpected(std::move(parts.error()));
  const auto kid = std::find(kids_.begin(), kids_.end(), parts->token.kid);
  if (kid == kids_.end()) {
    return fail(ErrorCode::kTokenUnknownKey, "the token's kid names no key of the key set");
  }
  const PublicKeyBytes& key = keys_[static_cast<std::size_t>(kid - kids_.begin())];
  if (!verify_signature(key, parts->signing_input, parts->signature)) {
    return fail(ErrorCode::kTokenSignature, "the token's signature does not hold");
  }
  return std::move(parts->token);
}

Result<Token> TokenVerifier::verify(std::string_view text, const TokenRequest& request) const {
  Result<Token> token = verify_signature_of(text);
  if (!token) return token;
  if (Status admitted = check_token(*token, request); !admitted) {
    return tl::unexpected(std::move(admitted.error()));
  }
  return token;
}

std::string jwks_json(const std::vector<PublicKeyBytes>& keys) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const PublicKeyBytes& key : keys) {
    list.push_back({{"kty", "OKP"},
                    {"crv", "Ed25519"},
                    {"kid", key_thumbprint(key)},
                    {"x", to_base64url(key)},
                    {"alg", "EdDSA"},
                    {"use", "sig"}});
  }
  return nlohmann::ordered_json({{"keys", std::move(list)}}).dump();
}

std::string issue_token(const SigningKey& key, Token token) {
  token.alg = "EdDSA";
  token.typ = "JWT";
  token.kid = key_thumbprint(key.public_key());
  std::string out = token_signing_input(token);
  const SignatureBytes signature = key.sign(as_bytes(out));
  out += '.';
  out += to_base64url(signature);
  return out;
}

}  // namespace weir
