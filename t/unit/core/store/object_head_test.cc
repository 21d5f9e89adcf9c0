#include "core/store/object_head.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

ObjectHead sample() {
  ObjectHead head;
  head.key = "edge|@origin|/p/00000000-0000-4000-8000-000000000000";
  head.total = 4'194'304;
  head.created = 1'700'000'000;
  head.block_size = 1 << 20;
  head.complete = true;
  head.meta.etag.assign("\"abc\"");
  head.meta.content_type.assign("video/mp4");
  head.meta.last_modified = 1'600'000'000;
  head.meta.fresh_until = 1'800'000'000;
  return head;
}

TEST(ObjectHead, ComesBackAsItWas) {
  const auto bytes = sample().encode();
  ASSERT_TRUE(bytes);
  const auto head = ObjectHead::decode(*bytes);
  ASSERT_TRUE(head) << head.error().detail;
  EXPECT_EQ(head->key, sample().key);
  EXPECT_EQ(head->total, sample().total);
  EXPECT_EQ(head->created, sample().created);
  EXPECT_EQ(head->block_size, sample().block_size);
  EXPECT_TRUE(head->complete);
  EXPECT_EQ(head->meta.etag.view(), "\"abc\"");
  EXPECT_EQ(head->meta.content_type.view(), "video/mp4");
  EXPECT_EQ(head->meta.last_modified, sample().meta.last_modified);
  EXPECT_EQ(head->meta.fresh_until, sample().meta.fresh_until);
  EXPECT_EQ(*head->encode(), *bytes);
}

TEST(ObjectHead, KeepsUnknowns) {
  ObjectHead head;
  const auto back = ObjectHead::decode(*head.encode());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->total, kUnknownTotal);
  EXPECT_EQ(back->meta.last_modified, -1);
  EXPECT_FALSE(back->complete);
}

TEST(ObjectHead, RefusesAnyFlippedByte) {
  const auto good = *sample().encode();
  for (std::size_t at = 0; at < 200; ++at) {
    auto bad = good;
    bad[at] ^= 0x40;
    EXPECT_FALSE(ObjectHead::decode(bad)) << at;
  }
}

TEST(ObjectHead, RefusesAShortFileAndALongKey) {
  const auto good = *sample().encode();
  EXPECT_FALSE(ObjectHead::decode(ByteView(good).first(4095)));
  EXPECT_FALSE(ObjectHead::decode({}));
  ObjectHead head;
  head.key.assign(kMaxObjectKey, 'k');
  EXPECT_TRUE(head.encode());
  head.key += 'k';
  EXPECT_FALSE(head.encode());
}

}  // namespace
}  // namespace weir
