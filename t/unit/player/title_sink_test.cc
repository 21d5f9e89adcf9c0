#include "player/native/title_sink.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "t/fakes/film.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class TitleSinkTest : public ::testing::TestWithParam<Protect> {
 protected:
  TitleSinkTest() {
    std::string name = fs::temp_directory_path() / "weir-sink-XXXXXX";
    dir = ::mkdtemp(name.data());
    film = make_film({.protect = GetParam()});
    title = OpenTitle{film.header, {}, film.key};
    file.emplace(PartialFile::open(dir / "film", {.revision = {},
                                                  .header_sha256 = {},
                                                  .rendition = 0,
                                                  .pieces = pieces(),
                                                  .bytes = film.source.size()})
                     .value());
    sink.emplace(*title, film.file(), *file);
  }
  ~TitleSinkTest() override { fs::remove_all(dir); }

  std::uint32_t pieces() const { return static_cast<std::uint32_t>(film.file().pieces.size()); }
  Bytes stored(std::uint32_t i) { return film.pieces.at(film.file().pieces[i].id.to_string()); }
  Status take(std::uint32_t i) {
    Bytes bytes = stored(i);
    return sink->take(i, bytes);
  }
  Bytes content() {
    Bytes out(film.source.size());
    EXPECT_EQ(file->read(0, out).value(), out.size());
    return out;
  }

  fs::path dir;
  FakeFilm film;
  std::optional<OpenTitle> title;
  std::optional<PartialFile> file;
  std::optional<TitleSink> sink;
};

TEST_P(TitleSinkTest, RestoresTheSourceInAnyOrder) {
  for (std::uint32_t i = pieces(); i-- > 0;) ASSERT_TRUE(take(i)) << i;
  EXPECT_NE(content(), film.source) << "the media header is not in the pieces";
  ASSERT_TRUE(sink->write_media_header());
  EXPECT_EQ(content(), film.source);
  EXPECT_EQ(file->count(), pieces());
  EXPECT_TRUE(sink->damaged_in_file()->empty());
}

TEST_P(TitleSinkTest, AnyFlippedByteIsRefusedAndNotNoted) {
  const Bytes good = stored(0);
  for (const std::size_t at : {std::size_t{0}, good.size() / 2, good.size() - 1}) {
    Bytes bad = good;
    bad[at] ^= 0x80;
    const Status taken = sink->take(0, bad);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::kPieceCorrupt);
    EXPECT_FALSE(file->has(0));
  }
  Bytes cut(good.begin(), good.end() - 1);
  EXPECT_EQ(sink->take(0, cut).error().code, ErrorCode::kPieceCorrupt);
}

TEST_P(TitleSinkTest, FindsWhatTheDiskLost) {
  for (std::uint32_t i = 0; i < pieces(); ++i) ASSERT_TRUE(take(i));
  Bytes zeros(1);
  std::vector<iovec> parts{{zeros.data(), zeros.size()}};
  Bytes was(1);
  const std::uint64_t at = film.file().pieces[3].offset + 1;
  ASSERT_TRUE(file->read(at, was));
  zeros[0] = static_cast<std::uint8_t>(was[0] ^ 1);
  ASSERT_TRUE(file->write(at, parts));
  EXPECT_EQ(*sink->damaged_in_file(), std::vector<std::uint32_t>{3});
}

TEST_P(TitleSinkTest, BuildsOnWholeSoundRecordsOnly) {
  const Bytes good = stored(0);
  const bool sealed = film.file().pieces[0].sealed;
  const std::size_t record = sealed ? 65'552 : 65'536;
  ASSERT_GT(good.size(), 2 * record);
  EXPECT_EQ(sink->usable_prefix(0, ByteView(good).first(record - 1)), 0U);
  EXPECT_EQ(sink->usable_prefix(0, ByteView(good).first(2 * record + 5)), 2 * record);
  Bytes bad = good;
  bad[record + 7] ^= 1;
  EXPECT_EQ(sink->usable_prefix(0, ByteView(bad).first(2 * record)), sealed ? record : 2 * record);
  EXPECT_EQ(sink->proves(0), sealed);
}

TEST_P(TitleSinkTest, AForeignKeyIsNamedAsSuch) {
  if (GetParam() == Protect::kNone) return;
  title->key = ContentKey::random();
  EXPECT_EQ(take(0).error().code, ErrorCode::kKeyWrong);
  EXPECT_EQ(sink->write_media_header().error().code, ErrorCode::kKeyWrong);
}

INSTANTIATE_TEST_SUITE_P(Policies, TitleSinkTest,
                         ::testing::Values(Protect::kNone, Protect::kPartial, Protect::kAll),
                         [](const auto& p) { return std::string(protect_name(p.param)); });

}  // namespace
}  // namespace weir
