#include "player/native/title_url.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <curl/curl.h>

#include "core/title/title_id.h"
#include "core/token/token.h"

namespace weir {
namespace {

constexpr std::size_t kMaxUrlBytes = 8192;

struct UrlParts {
  std::string origin;  // scheme://host[:port]
  std::vector<std::string> path;
  std::string query, fragment;
};

struct ParsedUrl {
  std::string title;  // empty: the URL names none
  std::string base, token;
  std::vector<std::string> edges;  // named by the fragment of a watch page
};

struct CurlUrlFree {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using CurlUrlPtr = std::unique_ptr<CURLU, CurlUrlFree>;

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
}

Result<UrlParts> take_apart(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return fail(ErrorCode::kBadArgument, shown_url(text) + ": " + why);
  };
  if (text.empty()) return fail(ErrorCode::kBadArgument, "the URL is empty");
  if (text.size() > kMaxUrlBytes) return fail(ErrorCode::kBadArgument, "the URL is too long");
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return fail(ErrorCode::kBadArgument, "the URL holds a space or a control character");
  }
  const CurlUrlPtr url(curl_url());
  const std::string copy(text);
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, copy.c_str(), CURLU_GUESS_SCHEME);
  if (code == CURLUE_UNSUPPORTED_SCHEME) return wrong("only http and https are supported");
  if (code != CURLUE_OK) return wrong("this is not an URL");
  const std::string scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return wrong("only http and https are supported");
  if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty()) {
    return wrong("a user name in the URL is not supported");
  }
  UrlParts out;
  const std::string port = part(url.get(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  out.origin = scheme + "://" + part(url.get(), CURLUPART_HOST) + (port.empty() ? "" : ":" + port);
  out.path = split(part(url.get(), CURLUPART_PATH), '/');
  out.query = part(url.get(), CURLUPART_QUERY);
  out.fragment = part(url.get(), CURLUPART_FRAGMENT, CURLU_URLDECODE);
  return out;
}

// `name` in "a=1&name=2".
std::string argument(const std::string& arguments, std::string_view name) {
  for (const std::string& one : split(arguments, '&')) {
    if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=') {
      return one.substr(name.size() + 1);
    }
  }
  return {};
}

Status check_token_text(std::string_view token) {
  const bool fits =
      token.size() <= kMaxTokenBytes && std::all_of(token.begin(), token.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
      });
  if (token.size() > kMaxTokenBytes) {
    return fail(ErrorCode::kTokenTooLong, "the token is longer than 1,024 bytes");
  }
  if (!fits) return fail(ErrorCode::kTokenMalformed, "what was given as the token is none");
  return {};
}

Result<ParsedUrl> parse_url(std::string_view text) {
  auto parts = take_apart(text);
  if (!parts) return tl::unexpected(parts.error());
  ParsedUrl out;
  out.base = parts->origin;
  std::vector<std::string>& path = parts->path;

  const auto tilde =
      std::find_if(path.begin(), path.end(), [](const auto& s) { return s[0] == '~'; });
  if (tilde != path.end()) {
    out.token = tilde->substr(1);
    if (out.token.empty()) return fail(ErrorCode::kTokenMalformed, "the URL's token is empty");
  }
  // What names the title: behind the token, or the last `t` or `watch` that has a name behind it.
  auto mark = tilde == path.end() ? path.end() : tilde + 1;
  if (tilde == path.end()) {
    for (auto at = path.begin(); at != path.end(); ++at) {
      if ((*at == "t" || *at == "watch") && path.end() - at >= 2 && path.end() - at <= 3) {
        mark = at;
        break;
      }
    }
  }
  for (auto at = path.begin(); at != std::min(mark, tilde); ++at) out.base += "/" + *at;
  const bool watch = mark != path.end() && *mark == "watch";
  if (mark != path.end() && path.end() - mark >= 2 && path.end() - mark <= 3 &&
      (*mark == "t" || watch) && is_title_id(mark[1])) {
    out.title = mark[1];
  } else if (mark != path.end()) {
    return fail(ErrorCode::kBadArgument,
                shown_url(text) + " names no title: http://EDGE/t/ID does");
  }
  if (out.token.empty()) out.token = argument(parts->query, "URISigningPackage");
  if (watch) {
    if (out.token.empty()) out.token = argument(parts->fragment, "token");
    out.edges = split(argument(parts->fragment, "edges"), ',');
  }
  if (auto ok = check_token_text(out.token); !ok) return tl::unexpected(ok.error());
  return out;
}

void add_edge(std::vector<EdgeUrl>& edges, EdgeUrl edge) {
  for (const EdgeUrl& known : edges) {
    if (known.base == edge.base) return;
  }
  edges.push_back(std::move(edge));
}

}  // namespace

std::string shown_url(std::string_view url) {
  std::string out;
  const std::size_t scheme = url.find("://");
  std::string_view rest = url.substr(0, std::min(url.find_first_of("?#"), url.size()));
  if (scheme != std::string_view::npos && scheme < rest.size()) {
    out = std::string(rest.substr(0, scheme + 3));
    rest.remove_prefix(scheme + 3);
  }
  if (const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
      at != std::string_view::npos) {
    rest.remove_prefix(at + 1);
  }
  bool first = true;
  while (!rest.empty() && out.size() < 200) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view piece = rest.substr(0, end);
    const bool secret = piece.starts_with('~') || piece.find("eyJ") != std::string_view::npos;
    if (!first) out += '/';
    if (secret) {
      out += "~…";
    } else {
      for (const char c : piece.substr(0, 64)) out += is_control(c) ? '?' : c;
      if (piece.size() > 64) out += "…";
    }
    first = false;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

Result<TitleLocation> locate_title(std::string_view url, const std::vector<std::string>& more,
                                   std::string_view token) {
  auto main = parse_url(url);
  if (!main) return tl::unexpected(main.error());
  if (main->title.empty()) {
    return fail(ErrorCode::kBadArgument, shown_url(url) + " names no title: http://EDGE/t/ID does");
  }
  if (!token.empty()) main->token = std::string(token);
  if (auto ok = check_token_text(main->token); !ok) return tl::unexpected(ok.error());

  TitleLocation out;
  out.title = main->title;
  std::vector<std::string> others = main->edges;
  // A watch page that lists its edges need not be one itself.
  if (others.empty()) out.edges.push_back({main->base, main->token});
  others.insert(others.end(), more.begin(), more.end());
  for (const std::string& other : others) {
    auto edge = parse_url(other);
    if (!edge) return tl::unexpected(edge.error());
    if (!edge->title.empty() && edge->title != out.title) {
      return fail(ErrorCode::kBadArgument, shown_url(other) + " is for another title");
    }
    const bool own = !edge->token.empty() && token.empty();
    add_edge(out.edges, {edge->base, own ? edge->token : main->token});
  }
  return out;
}

}  // namespace weir
