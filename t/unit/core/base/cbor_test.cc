#include "core/base/cbor.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

// RFC 8949 appendix A.
TEST(Cbor, WritesTheShortestIntegers) {
  const std::vector<std::pair<std::uint64_t, std::string_view>> examples{
      {0, "00"},
      {23, "17"},
      {24, "1818"},
      {255, "18ff"},
      {256, "190100"},
      {65535, "19ffff"},
      {65536, "1a00010000"},
      {4294967295, "1affffffff"},
      {4294967296, "1b0000000100000000"},
      {18446744073709551615ULL, "1bffffffffffffffff"},
  };
  for (const auto& [value, encoded] : examples) {
    CborWriter out;
    out.uint(value);
    const Bytes bytes = std::move(out).take();
    EXPECT_EQ(to_hex(bytes), encoded);
    CborReader in(bytes);
    EXPECT_EQ(in.uint(), value);
    EXPECT_TRUE(in.ok() && in.at_end());
  }
}

TEST(Cbor, WritesStringsArraysAndMaps) {
  CborWriter out;
  out.map(2);
  out.text("a");
  out.array(2);
  out.uint(1);
  out.bytes(Bytes{1, 2});
  out.text("b");
  out.text("\u00fc");
  EXPECT_EQ(to_hex(std::move(out).take()),
            "a26161820142010261"
            "6262c3bc");
}

TEST(Cbor, RefusesEveryOtherSpellingOfAnInteger) {
  for (const char* bytes : {"1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff",
                            "1b0000000000000000", "1b00000000ffffffff"}) {
    const Bytes in = hex(bytes);
    CborReader reader(in);
    reader.uint();
    EXPECT_FALSE(reader.ok()) << bytes;
  }
}

TEST(Cbor, RefusesWhatWeirNeverWrites) {
  // negative, indefinite, tag, false, null, half, single, double, break, reserved
  for (const char* bytes : {"20", "5f40ff", "7f60ff", "9fff", "bfff", "c000", "f4", "f6", "f93c00",
                            "fa3f800000", "fb3ff0000000000000", "ff", "1c", "1d", "1e", "1f"}) {
    const Bytes in = hex(bytes);
    CborReader as_uint(in);
    as_uint.uint();
    EXPECT_FALSE(as_uint.ok()) << bytes;
    CborReader as_text(in);
    as_text.text();
    EXPECT_FALSE(as_text.ok()) << bytes;
    CborReader as_bytes(in);
    as_bytes.bytes();
    EXPECT_FALSE(as_bytes.ok()) << bytes;
    CborReader as_array(in);
    as_array.array(1000);
    EXPECT_FALSE(as_array.ok()) << bytes;
    CborReader as_map(in);
    as_map.map(1000);
    EXPECT_FALSE(as_map.ok()) << bytes;
  }
}

TEST(Cbor, RefusesLengthsPastTheEnd) {
  for (const char* bytes : {"41", "5b7fffffffffffffff", "5bffffffffffffffff"}) {
    const Bytes in = hex(bytes);
    CborReader reader(in);
    EXPECT_TRUE(reader.bytes().empty());
    EXPECT_FALSE(reader.ok()) << bytes;
  }
  const Bytes in = hex("9b7fffffffffffffff");
  CborReader reader(in);
  EXPECT_EQ(reader.array(32), 0U) << "a count is never more than the caller has room for";
  EXPECT_FALSE(reader.ok());
}

TEST(Cbor, AFailedReaderStaysFailed) {
  const Bytes in =
      hex("6161"
          "01");
  CborReader reader(in);
  reader.uint();
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.uint(), 0U);
}

bool reads_as_map(std::string_view bytes) {
  const Bytes in = hex(bytes);
  CborReader reader(in);
  CborMap map(reader, 16);
  while (map.next()) reader.uint();
  return reader.ok() && reader.at_end();
}

TEST(Cbor, KeysAscendByTheirEncodedBytes) {
  EXPECT_TRUE(reads_as_map("a0"));
  EXPECT_TRUE(
      reads_as_map("a26161016162"
                   "02"));
  EXPECT_TRUE(
      reads_as_map("a2617a01626161"
                   "02"))
      << "z before aa: shorter first";
  EXPECT_FALSE(
      reads_as_map("a26162016161"
                   "02"))
      << "b before a";
  EXPECT_FALSE(
      reads_as_map("a2626161016161"
                   "02"))
      << "aa before a";
  EXPECT_FALSE(
      reads_as_map("a26161016161"
                   "02"))
      << "a twice";
  EXPECT_FALSE(reads_as_map("a26161016162")) << "a value short";
  EXPECT_FALSE(reads_as_map("a10101")) << "a key that is no text";
  EXPECT_FALSE(
      reads_as_map("a2600160"
                   "02"))
      << "the empty key twice";
}

TEST(Utf8, FollowsRfc3629) {
  for (const std::string_view good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xe6\x98\xa0\xe7\x94\xbb"}) {
    EXPECT_TRUE(is_utf8(good)) << to_hex(as_bytes(good));
  }
  for (const std::string_view bad :
       {"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe0\xa0",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "a\xfe"}) {
    EXPECT_FALSE(is_utf8(bad)) << to_hex(as_bytes(bad));
  }
}

}  // namespace
}  // namespace weir
