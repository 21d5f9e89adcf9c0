// Where a title is: taken from the URL a viewer was given. Understands
//   http://edge[/prefix][/~TOKEN]/t/ID[/header.enp, /file.mp4, /master.m3u8, …]
//   http://edge[/prefix]/watch/ID#token=TOKEN&edges=http://a,http://b      (the page's own address)
// and the token as query argument URISigningPackage. Refused: schemes but http and https, user
// names, anything that names no title. Any thread.
//
// Tokens are secrets: they live in `token` alone; `base` and every error may be shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace weir {

struct EdgeUrl {
  std::string base;   // "http://127.0.0.1:8080" or with a path prefix; no slash at its end
  std::string token;  // empty: none
  // "BASE[/~TOKEN]": what /t/… and /p/… are appended to. A secret when there is a token.
  std::string root() const { return token.empty() ? base : base + "/~" + token; }
  friend bool operator==(const EdgeUrl&, const EdgeUrl&) = default;
};

struct TitleLocation {
  std::string title;
  std::vector<EdgeUrl> edges;  // at least one, best first, no two with one base
};

// `more` are further edges (`--edge`): their base, or a title's URL at them. `token` (`--token`)
// takes the place of the URL's. An edge without a token of its own is given the title's.
//
// The seam for IPMasters: a resolve URL will be asked here for its ranked edges, and everything
// behind this function stays as it is.
Result<TitleLocation> locate_title(std::string_view url, const std::vector<std::string>& more,
                                   std::string_view token);

// An URL as it may be shown: no token, query or fragment, nothing that could be one.
std::string shown_url(std::string_view url);

}  // namespace weir
