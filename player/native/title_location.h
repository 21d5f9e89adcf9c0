// Where a title is: taken from the URL a viewer was given. Understands
//   http://edge[/~TOKEN][/prefix]/t/ID[/header.enp, /file.mp4, /master.m3u8, …]
//   http://edge/watch/ID#token=TOKEN&edges=http://a,http://b      (the page's own address)
// and the token as query argument URISigningPackage. Refused: schemes but http and https, user
// names, anything that names no title. Any thread.
//
// Tokens are secrets: they live in `token` alone; every other field and every error may be shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace weir {

struct EdgeUrl {
  std::string origin;  // "http://127.0.0.1:8080"
  std::string prefix;  // of its paths: "" or "/films"
  std::string token;   // empty: none

  // How the edge is called in messages.
  std::string name() const { return origin + prefix; }
  // What /t/… and /p/… are appended to. A secret when there is a token.
  std::string root() const { return origin + (token.empty() ? "" : "/~" + token) + prefix; }
  friend bool operator==(const EdgeUrl&, const EdgeUrl&) = default;
};

struct TitleLocation {
  std::string title;
  std::vector<EdgeUrl> edges;  // at least one, best first, no two with one name
};

// `more` are further edges (`--edge`): where they are, or a title's URL at them. `token`
// (`--token`) takes the place of the URL's. An edge without a token of its own is given the
// title's.
//
// The seam for IPMasters: a resolve URL will be asked here for its ranked edges, and everything
// behind this function stays as it is.
Result<TitleLocation> locate_title(std::string_view url, const std::vector<std::string>& more,
                                   std::string_view token);

// An URL as it may be shown: no token, query or fragment, nothing that could be one.
std::string shown_url(std::string_view url);

}  // namespace weir
