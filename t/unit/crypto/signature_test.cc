#include "crypto/signature.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "t/unit/crypto/golden.h"

namespace weir {
namespace {

// RFC 8032 section 7.1, tests 1 and 2.
TEST(Signature, MatchesTheStandard) {
  const SigningKey one = SigningKey::from_pem(golden::kTestKey).value();
  EXPECT_EQ(to_hex(one.public_key()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(
      to_hex(one.sign({})),
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
      "f9b46bd25bf5f0595bbe24655141438e7a100b");
  const SigningKey two = SigningKey::from_pem(golden::kOtherKey).value();
  EXPECT_EQ(
      to_hex(two.sign(Bytes{0x72})),
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
      "f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

// RFC 8037 appendix A.3.
TEST(Signature, ThumbprintMatchesTheStandard) {
  EXPECT_EQ(key_thumbprint(SigningKey::from_pem(golden::kTestKey)->public_key()),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(Signature, HoldsForItsMessageAndKeyOnly) {
  const SigningKey key = SigningKey::generate();
  const Bytes message = golden::plain_bytes(100);
  SignatureBytes signature = key.sign(message);
  EXPECT_TRUE(verify_signature(key.public_key(), message, signature));
  EXPECT_FALSE(verify_signature(SigningKey::generate().public_key(), message, signature));
  EXPECT_FALSE(verify_signature(key.public_key(), ByteView(message).first(99), signature));
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    SignatureBytes flipped = signature;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(verify_signature(key.public_key(), message, flipped)) << bit;
  }
  PublicKeyBytes no_point;
  no_point.fill(0xff);
  EXPECT_FALSE(verify_signature(no_point, message, signature));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(SigningKey, GoesThroughPem) {
  const SigningKey key = SigningKey::generate();
  const std::string pem = key.to_pem();
  const Result<SigningKey> back = SigningKey::from_pem(pem);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->public_key(), key.public_key());
  EXPECT_EQ(SigningKey::from_pem(golden::kTestKey)->to_pem(), golden::kTestKey);
}

TEST(SigningKey, RefusesOtherFilesWithoutShowingThem) {
  const std::string rsa_like =
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK"
      "9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";  // X25519
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE "
      "KEY-----\nMIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiqqqqq\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  std::string cut(golden::kTestKey);
  cut.resize(70);
  for (const std::string& pem : {std::string(), std::string("key"), rsa_like, encrypted, cut}) {
    const Result<SigningKey> key = SigningKey::from_pem(pem);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::kKeyMalformed);
    EXPECT_EQ(key.error().detail.find("MC4"), std::string::npos);
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
}

}  // namespace
}  // namespace weir
