#include "crypto/header_signature.h"

#include <gtest/gtest.h>

#include "t/unit/core/title/header_surgery.h"
#include "t/unit/core/title/sample_header.h"

namespace weir {
namespace {

class HeaderSignatureTest : public testing::Test {
 protected:
  HeaderSignatureTest() : header_(sample::plain()) {
    EXPECT_TRUE(sign_header(header_, key_));
    encoded_ = header_.encode().value();
  }
  static ErrorCode refusal(ByteView bytes, std::span<const PublicKeyBytes> trusted = {}) {
    const auto signer = verify_header_signature(bytes, trusted);
    EXPECT_FALSE(signer);
    return signer ? ErrorCode::kInternal : signer.error().code;
  }

  SigningKey key_ = SigningKey::generate();
  HeaderFile header_;
  Bytes encoded_;
};

TEST_F(HeaderSignatureTest, HoldsAndSurvivesDecoding) {
  EXPECT_EQ(verify_header_signature(encoded_).value(), key_.public_key());
  const HeaderFile back = HeaderFile::decode(encoded_).value();
  EXPECT_EQ(back, header_);
  EXPECT_EQ(verify_header_signature(back.encode().value()).value(), key_.public_key());
}

TEST_F(HeaderSignatureTest, TrustIsTheCallersToGive) {
  const PublicKeyBytes mine[] = {SigningKey::generate().public_key(), key_.public_key()};
  EXPECT_TRUE(verify_header_signature(encoded_, mine));
  EXPECT_EQ(refusal(encoded_, std::span(mine).first(1)), ErrorCode::kHeaderSignature);
}

TEST_F(HeaderSignatureTest, DoesNotHoldForAnyChange) {
  HeaderFile changed = header_;
  changed.info.name = "Other.mp4";
  EXPECT_EQ(refusal(changed.encode().value()), ErrorCode::kHeaderSignature);
  changed = header_;
  changed.signature->public_key = SigningKey::generate().public_key();
  EXPECT_EQ(refusal(changed.encode().value()), ErrorCode::kHeaderSignature);
  sample::RawHeader raw(encoded_);
  raw.minor = 1;
  EXPECT_TRUE(HeaderFile::decode(raw.build()));
  EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderSignature) << "ignored fields are signed too";
  ASSERT_TRUE(sign_header(changed, key_));
  EXPECT_TRUE(verify_header_signature(changed.encode().value())) << "signing again mends it";
}

TEST_F(HeaderSignatureTest, RefusesWhatIsNotSigned) {
  EXPECT_EQ(refusal(sample::plain().encode().value()), ErrorCode::kHeaderSignature);
  EXPECT_EQ(refusal({}), ErrorCode::kHeaderSignature);
  EXPECT_EQ(refusal(ByteView(encoded_).first(encoded_.size() - 1)), ErrorCode::kHeaderSignature);
}

TEST(SignHeader, SignsOnlySoundHeaders) {
  HeaderFile h = sample::plain();
  h.info.title.clear();
  EXPECT_EQ(sign_header(h, SigningKey::generate()).error().code, ErrorCode::kBadArgument);
  EXPECT_FALSE(h.signature);
}

}  // namespace
}  // namespace weir
