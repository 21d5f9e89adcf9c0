// CORE as strangers might write it.
#include <functional>

#include <gtest/gtest.h>

#include "core/base/cbor.h"
#include "t/unit/core/title/header_surgery.h"
#include "t/unit/core/title/sample_header.h"

namespace weir::header {
namespace {

Bytes core_of(const HeaderFile& h) {
  return encode_core(h);
}

bool reads(const Bytes& core) {
  return decode_core(core).has_value();
}

// `from` must occur once.
Bytes replaced(const Bytes& in, std::string_view from, std::string_view to) {
  std::string text(as_chars(in));
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << from;
  text.replace(at, from.size(), to);
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

TEST(Core, GoesThereAndBack) {
  for (const HeaderFile& h : {sample::plain(), sample::sealed_with_ts()}) {
    const Result<Core> core = decode_core(core_of(h));
    ASSERT_TRUE(core);
    EXPECT_EQ(core->info, h.info);
    ASSERT_EQ(core->renditions.size(), h.renditions.size());
    EXPECT_EQ(core->renditions[0].pieces, h.renditions[0].pieces.size());
    EXPECT_EQ(core->renditions[0].bytes, h.renditions[0].bytes);
  }
}

TEST(Core, KeepsUnknownsOut) {
  HeaderFile h = sample::plain();
  h.info.streams[0] = {};
  h.info.streams[0].type = "data";
  h.info.streams[0].codec = "bin_data";
  h.info.duration_us = 0;
  EXPECT_EQ(decode_core(core_of(h)).value().info, h.info);
}

TEST(Core, RefusesItsEveryPrefixAndMore) {
  Bytes core = core_of(sample::sealed_with_ts());
  for (std::size_t length = 0; length < core.size(); ++length) {
    EXPECT_FALSE(reads(Bytes(core.begin(), core.begin() + static_cast<std::ptrdiff_t>(length))));
  }
  core.push_back(0);
  EXPECT_FALSE(reads(core));
}

TEST(Core, RefusesOtherSpellings) {
  const Bytes core = core_of(sample::sealed_with_ts());
  ASSERT_TRUE(reads(core));
  using namespace std::string_view_literals;
  EXPECT_FALSE(reads(replaced(core,
                              "\xad"
                              "cext"sv,
                              "\xbf"
                              "cext"sv)))
      << "indefinite";
  EXPECT_FALSE(reads(replaced(core,
                              "dsize\x19\x03\xe8"
                              "etitle"sv,
                              "dsize\x1a\0\0\x03\xe8"
                              "etitle"sv)))
      << "a long integer";
  EXPECT_FALSE(reads(replaced(core,
                              "dsize\x19\x03\xe8"
                              "etitle"sv,
                              "dsize\xf9\x63\xd0"
                              "etitle"sv)))
      << "a float";
  EXPECT_FALSE(reads(replaced(core,
                              "dsize\x19\x03\xe8"
                              "etitle"sv,
                              "dsize\xc1\x19\x03\xe8"
                              "etitle"sv)))
      << "a tag";
  EXPECT_FALSE(reads(replaced(core, "dmime"sv, "dname"sv))) << "a key twice";
  EXPECT_FALSE(reads(replaced(core, "etitle"sv, "etitlf"sv))) << "an unknown key";
  EXPECT_FALSE(reads(replaced(core, "cext"sv, "crew"sv))) << "keys out of order";
  EXPECT_FALSE(reads(replaced(core,
                              "\xad"
                              "cext"sv,
                              "\xae"
                              "aa\x01"
                              "cext"sv)))
      << "one key more";
  EXPECT_FALSE(reads(replaced(core, "dfilm"sv, "d\xff\xff\xff\xff"sv))) << "no UTF-8";
  EXPECT_FALSE(reads(replaced(core, "ienp-gcm-1"sv, "ienp-gcm-2"sv))) << "an unknown scheme";
  EXPECT_FALSE(reads(replaced(core, "gpartial"sv, "gpartiaL"sv))) << "an unknown policy";
  EXPECT_FALSE(reads(replaced(core, "bts"sv, "bTS"sv))) << "an unknown rendition";
  EXPECT_FALSE(reads(replaced(core, "ewidth\x19\x05\0"sv, "ewidth\0"sv)))
      << "a zero that should be absent";
  EXPECT_FALSE(reads(replaced(core, "eevery\x02"sv, "eevery\x1b\0\0\0\x01\0\0\0\x02"sv)))
      << "more than 32 bits";
}

Bytes made(const std::function<void(CborWriter&)>& write) {
  CborWriter out;
  write(out);
  return std::move(out).take();
}

TEST(Core, RefusesWhatIsNoMap) {
  EXPECT_FALSE(reads({}));
  EXPECT_FALSE(reads(made([](CborWriter& out) { out.uint(1); })));
  EXPECT_FALSE(reads(made([](CborWriter& out) { out.array(13); })));
  EXPECT_FALSE(reads(made([](CborWriter& out) { out.map(0); })));
  EXPECT_FALSE(reads(Bytes(1000, 0x81))) << "a thousand arrays in each other";
  EXPECT_FALSE(reads(Bytes(1000, 0xa1)));
}

TEST(Core, HasALimit) {
  const Result<Core> core = decode_core(Bytes(kMaxCoreBytes + 1, 0));
  ASSERT_FALSE(core);
  EXPECT_EQ(core.error().code, ErrorCode::kHeaderTooLarge);
  HeaderFile h = sample::plain();
  StreamInfo stream = h.info.streams[0];
  stream.codec = stream.type = stream.language = std::string(255, 'x');
  h.info.streams.assign(32, stream);
  EXPECT_EQ(h.encode().error().code, ErrorCode::kHeaderTooLarge);
}

TEST(Core, ProtectionIsAllOrNothing) {
  using namespace std::string_view_literals;
  const Bytes open = core_of(sample::plain());
  ASSERT_TRUE(reads(open));
  EXPECT_FALSE(reads(replaced(open, "fpolicydnone"sv, "fpolicycall"sv))) << "all without a kid";
  const Bytes sealed = core_of(sample::sealed_with_ts());
  EXPECT_FALSE(reads(replaced(sealed, "fpolicygpartial"sv, "fpolicydnone"sv))) << "a kid with none";
}

}  // namespace
}  // namespace weir::header
