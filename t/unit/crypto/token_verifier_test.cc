#include "crypto/token_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "t/unit/crypto/golden.h"

namespace weir {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

Token film_token() {
  Token token;
  token.issuer = "test";
  token.id = "1";
  token.issued_at = token.not_before = kNow;
  token.expires_at = kNow + 300;
  token.titles = {"film"};
  token.rights = static_cast<std::uint8_t>(Right::kPlay);
  return token;
}

class TokenVerifierTest : public testing::Test {
 protected:
  static std::string refusal(std::string_view jwks) {
    const auto verifier = TokenVerifier::from_jwks(jwks);
    if (verifier) return "none";
    EXPECT_EQ(verifier.error().code, ErrorCode::kKeyMalformed);
    return verifier.error().detail;
  }
  nlohmann::json jwk(const SigningKey& key) const {
    return nlohmann::json::parse(jwks_json({key.public_key()}))["keys"][0];
  }
  static std::string set_of(const std::vector<nlohmann::json>& keys) {
    return nlohmann::json({{"keys", keys}}).dump();
  }

  SigningKey key_ = SigningKey::from_pem(golden::kTestKey).value();
  SigningKey other_ = SigningKey::from_pem(golden::kOtherKey).value();
};

TEST_F(TokenVerifierTest, TakesWhatItsKeysIssued) {
  const auto verifier =
      TokenVerifier::from_jwks(jwks_json({other_.public_key(), key_.public_key()})).value();
  EXPECT_EQ(verifier.key_ids().size(), 2U);
  for (const SigningKey* key : {&key_, &other_}) {
    const std::string text = issue_token(*key, film_token());
    const auto token = verifier.verify(text, {.title = "film", .now_unix_s = kNow});
    ASSERT_TRUE(token) << token.error().detail;
    EXPECT_EQ(token->kid, key_thumbprint(key->public_key()));
    EXPECT_EQ(verifier.verify(text, {.title = "film", .now_unix_s = kNow + 400}).error().code,
              ErrorCode::kTokenExpired);
    EXPECT_TRUE(verifier.verify_signature_of(text)) << "of which the time is no part";
  }
}

TEST_F(TokenVerifierTest, RefusesEveryChangedCharacter) {
  const auto verifier = TokenVerifier::from_jwks(jwks_json({key_.public_key()})).value();
  const std::string text = issue_token(key_, film_token());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifier.verify_signature_of(changed)) << i;
  }
}

TEST_F(TokenVerifierTest, TheKeyIsFoundByKidAlone) {
  const auto verifier = TokenVerifier::from_jwks(jwks_json({key_.public_key()})).value();
  EXPECT_EQ(verifier.verify_signature_of(issue_token(other_, film_token())).error().code,
            ErrorCode::kTokenUnknownKey);
}

TEST_F(TokenVerifierTest, KeySetsMayNameTheirKeys) {
  nlohmann::json named = jwk(key_);
  named["kid"] = "gateway-1";
  EXPECT_EQ(TokenVerifier::from_jwks(set_of({named}))->key_ids().front(), "gateway-1");
  nlohmann::json unnamed = jwk(key_);
  unnamed.erase("kid");
  unnamed.erase("use");
  unnamed.erase("alg");
  EXPECT_EQ(TokenVerifier::from_jwks(set_of({unnamed}))->key_ids().front(),
            key_thumbprint(key_.public_key()));
}

TEST_F(TokenVerifierTest, KeysOfOtherKindsAreSkipped) {
  const nlohmann::json rsa{{"kty", "RSA"}, {"kid", "r"}, {"n", "AQAB"}, {"e", "AQAB"}};
  const nlohmann::json mac{{"kty", "oct"}, {"kid", "m"}, {"k", "c2VjcmV0"}};
  nlohmann::json for_secrets = jwk(other_);
  for_secrets["use"] = "enc";
  nlohmann::json x25519 = jwk(other_);
  x25519["crv"] = "X25519";
  const auto verifier =
      TokenVerifier::from_jwks(set_of({rsa, mac, for_secrets, x25519, 5, jwk(key_)}));
  ASSERT_TRUE(verifier) << verifier.error().detail;
  EXPECT_EQ(verifier->key_ids(), std::vector<std::string>{key_thumbprint(key_.public_key())});
  EXPECT_THAT(refusal(set_of({rsa, mac})), testing::HasSubstr("no Ed25519 key"));
}

TEST_F(TokenVerifierTest, RefusesBrokenKeySets) {
  using testing::HasSubstr;
  for (const char* text : {"", "x", R"({"keys":[],"keys":[]})"}) {
    EXPECT_THAT(refusal(text), HasSubstr("not JSON, or a name occurs twice"));
  }
  for (const char* text : {"[]", "{}", R"({"keys":{}})"}) {
    EXPECT_THAT(refusal(text), HasSubstr("no array \"keys\""));
  }
  EXPECT_THAT(refusal(R"({"keys":[]})"), HasSubstr("no Ed25519 key"));
  EXPECT_THAT(refusal(std::string((1U << 20) + 1, ' ')), HasSubstr("over 1 MiB"));
  for (const char* x : {"", "AAAA", "!!!!", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="}) {
    nlohmann::json key = jwk(key_);
    key["x"] = x;
    EXPECT_THAT(refusal(set_of({key, jwk(other_)})), HasSubstr("key 0: \"x\" is not 32 bytes"));
  }
  nlohmann::json no_text = jwk(key_);
  no_text["kid"] = 7;
  EXPECT_THAT(refusal(set_of({no_text})), HasSubstr("key 0: \"kid\" is not text"));
  EXPECT_THAT(refusal(set_of({jwk(key_), jwk(key_)})), HasSubstr("key 1 has the kid"));
}

TEST_F(TokenVerifierTest, RefusesAPrivateKeyAmongThePublic) {
  nlohmann::json key = jwk(key_);
  key["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
  const std::string why = refusal(set_of({key}));
  EXPECT_THAT(why, testing::HasSubstr("key 0 is a private key"));
  EXPECT_EQ(why.find("nWG"), std::string::npos);
}

}  // namespace
}  // namespace weir
