#include "crypto/token_verifier.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

Token film_token() {
  Token token;
  token.issuer = "test";
  token.id = "1";
  token.issued_at = token.not_before = 1'800'000'000;
  token.expires_at = token.issued_at + 300;
  token.titles = {"film"};
  token.rights = static_cast<std::uint8_t>(Right::kPlay);
  return token;
}

TEST(TokenVerifier, TakesWhatItsKeyIssued) {
  const SigningKey key = SigningKey::generate();
  const auto verifier = TokenVerifier::from_jwks(jwks_json({key.public_key()}));
  ASSERT_TRUE(verifier) << verifier.error().detail;
  const auto token = verifier->verify(issue_token(key, film_token()),
                                      {.title = "film", .now_unix_s = 1'800'000'010});
  ASSERT_TRUE(token) << token.error().detail;
  EXPECT_EQ(token->titles, film_token().titles);
}

}  // namespace
}  // namespace weir
