// Playlists of origins and CMCD of players as strangers may write them. What is announced is on the
// same origin and can stand in a request line.
#include <algorithm>

#include "core/store/cdn_loop.h"
#include "core/store/prefetch_plan.h"
#include "t/fuzz/fuzz.h"

namespace {

using namespace weir;
using weir::fuzz::must;

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_chars({data, size});
  const TargetUri base = {"http", "edge.example", "/media/film/v1.m3u8?x=1"};
  const auto segments = next_segments(text, base, {"/media/film/a", ByteRange{0, 10}}, 3);
  must(segments.size() <= 3, "no more than asked for");
  for (const PrefetchTarget& target : segments)
    must(target.path.starts_with("/"), "a segment is a path");

  const FieldLine line = {"CMCD-Request", text};
  for (const Cmcd& cmcd : {parse_cmcd(text, {}, base), parse_cmcd("", {&line, 1}, base)}) {
    if (!cmcd.next) continue;
    must(cmcd.next->path.starts_with("/"), "what is announced is a path");
    must(std::none_of(cmcd.next->path.begin(), cmcd.next->path.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == ' ' || c == '\0'; }),
         "it can stand in a request line");
    must(!cmcd.next->range || cmcd.next->range->length > 0, "its range is not empty");
  }
  must(without_cmcd(text).size() <= text.size(), "an argument less is not longer");

  const FieldLine loop = {"CDN-Loop", text};
  const std::string sent = append_cdn_loop({&loop, 1}, "edge-1");
  must(sent.ends_with("edge-1"), "our id is the last");
  is_cdn_id(text);
  must(cdn_loop_ids({&loop, 1}).size() <= kMaxCdnHops + 1, "no more ids than hops");
  return 0;
}
