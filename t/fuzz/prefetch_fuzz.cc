// Playlists of origins and CMCD of players as strangers may write them. What is announced is on the
// same origin and can stand in a request line; nothing is announced twice as much as was asked.
#include <algorithm>
#include <cstdlib>

#include "core/base/bytes.h"
#include "core/store/cdn_loop.h"
#include "core/store/prefetch_plan.h"

namespace {

using namespace weir;

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_chars({data, size});
  const TargetUri base = {"http", "edge.example", "/media/film/v1.m3u8?x=1"};
  const auto segments = next_segments(text, base, {"/media/film/a", ByteRange{0, 10}}, 3);
  must(segments.size() <= 3);
  for (const PrefetchTarget& target : segments) must(target.path.starts_with("/"));

  const FieldLine line = {"CMCD-Request", text};
  for (const Cmcd& cmcd : {parse_cmcd(text, {}, base), parse_cmcd("", {&line, 1}, base)}) {
    if (!cmcd.next) continue;
    must(cmcd.next->path.starts_with("/"));
    must(std::none_of(cmcd.next->path.begin(), cmcd.next->path.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == ' ' || c == '\0'; }));
    must(!cmcd.next->range || cmcd.next->range->length > 0);
  }
  must(without_cmcd(text).size() <= text.size());

  const FieldLine loop = {"CDN-Loop", text};
  const std::string sent = append_cdn_loop({&loop, 1}, "edge-1");
  must(sent.ends_with("edge-1"));
  is_cdn_id(text);
  must(cdn_loop_ids({&loop, 1}).size() <= kMaxCdnHops + 1);
  return 0;
}
