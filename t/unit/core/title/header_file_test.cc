#include "core/title/header_file.h"

#include <gtest/gtest.h>

#include "t/unit/core/title/sample_header.h"

namespace weir {
namespace {

TEST(HeaderFile, GoesThereAndBack) {
  for (const HeaderFile& h : {sample::plain(), sample::sealed_with_ts()}) {
    const Result<Bytes> bytes = h.encode();
    ASSERT_TRUE(bytes) << bytes.error().detail;
    const Result<HeaderFile> back = HeaderFile::decode(*bytes);
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(*back, h);
    EXPECT_EQ(back->encode().value(), *bytes);
  }
}

}  // namespace
}  // namespace weir
