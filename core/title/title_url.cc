#include "core/title/title_url.h"

#include <algorithm>

#include "core/title/title_id.h"

namespace weir {
namespace {

constexpr std::string_view kFileStem = "file.";
constexpr std::string_view kHeaderStem = "header.";
constexpr std::string_view kSegmentEnd = ".ts";

bool is_extension(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 8 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

auto no_view() {
  return fail(ErrorCode::kNotFound,
              "nothing is served under this path: titles are /t/ID/VIEW, pieces /p/UUID");
}

Result<TitleUrl> parse_piece(std::string_view name) {
  const auto id = Uuid::parse(name);
  if (!id) return fail(ErrorCode::kBadPath, "a piece is named by a lower-case UUID: /p/UUID");
  return TitleUrl{TitleView::kPiece, {}, {}, *id};
}

}  // namespace

Result<TitleUrl> parse_title_url(std::string_view path, std::string_view suffix) {
  if (path.starts_with("/p/")) return parse_piece(path.substr(3));
  if (!path.starts_with("/t/")) return no_view();
  path.remove_prefix(3);
  const auto slash = path.find('/');
  TitleUrl url;
  url.title = path.substr(0, slash);
  if (!is_title_id(url.title)) {
    return fail(ErrorCode::kBadPath,
                "a title id is 1 to 128 of A-Z a-z 0-9 . _ - and starts with neither dot nor dash");
  }
  if (slash == path.npos) return no_view();
  const std::string_view view = path.substr(slash + 1);

  if (view.starts_with(kHeaderStem) && view.substr(kHeaderStem.size()) == suffix) {
    url.view = TitleView::kHeader;
  } else if (view == "master.m3u8") {
    url.view = TitleView::kMaster;
  } else if (view == "ts.m3u8") {
    url.view = TitleView::kTsPlaylist;
  } else if (view == "key") {
    url.view = TitleView::kKey;
  } else if (view.starts_with(kFileStem) && is_extension(view.substr(kFileStem.size()))) {
    url.view = TitleView::kFile;
    url.extension = view.substr(kFileStem.size());
  } else if (view.ends_with(kSegmentEnd)) {
    const auto id = Uuid::parse(view.substr(0, view.size() - kSegmentEnd.size()));
    if (!id) return no_view();
    url.view = TitleView::kTsSegment;
    url.piece = *id;
  } else {
    return no_view();
  }
  return url;
}

}  // namespace weir
