#include "player/native/title_location.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <curl/curl.h>

#include "core/title/title_id.h"
#include "core/token/token.h"
#include "core/token/token_path.h"

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
  EdgeUrl edge;
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

Error names_no_title(std::string_view url) {
  return {ErrorCode::kBadArgument, shown_url(url) + " names no title: http://EDGE/t/ID does"};
}

// Where in `path` the title's mark, `t` or `watch`, stands: the id behind it, and at most one more.
std::size_t find_mark(const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t behind = path.size() - i - 1;
    const bool mark = path[i] == "t" || path[i] == "watch";
    if (mark && behind >= 1 && behind <= 2 && is_title_id(path[i + 1])) return i;
  }
  return path.size();
}

Result<ParsedUrl> parse_url(std::string_view text) {
  auto parts = take_apart(text);
  if (!parts) return tl::unexpected(parts.error());
  ParsedUrl out;
  out.edge.origin = parts->origin;
  std::vector<std::string> path = parts->path;
  if (!path.empty()) {
    if (const auto token = split_token_path("/" + path[0])) {
      out.edge.token = path[0].substr(1);
      path.erase(path.begin());
    }
  }
  const std::size_t mark = find_mark(path);
  const bool watch = mark < path.size() && path[mark] == "watch";
  if (mark < path.size()) out.title = path[mark + 1];
  for (std::size_t i = 0; i < mark; ++i) out.edge.prefix += "/" + path[i];
  if (out.edge.token.empty()) out.edge.token = argument(parts->query, kTokenArgument);
  if (watch) {
    if (out.edge.token.empty()) out.edge.token = argument(parts->fragment, "token");
    out.edges = split(argument(parts->fragment, "edges"), ',');
  }
  if (auto ok = check_token_text(out.edge.token); !ok) return tl::unexpected(ok.error());
  return out;
}

void add_edge(std::vector<EdgeUrl>& edges, EdgeUrl edge) {
  for (const EdgeUrl& known : edges) {
    if (known.name() == edge.name()) return;
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
  if (main->title.empty()) return tl::unexpected(names_no_title(url));
  if (auto ok = check_token_text(token); !ok) return tl::unexpected(ok.error());
  if (!token.empty()) main->edge.token = std::string(token);

  TitleLocation out;
  out.title = main->title;
  std::vector<std::string> others = main->edges;
  // A watch page that lists its edges need not be one itself.
  if (others.empty()) out.edges.push_back(main->edge);
  others.insert(others.end(), more.begin(), more.end());
  for (const std::string& other : others) {
    auto parsed = parse_url(other);
    if (!parsed) return tl::unexpected(parsed.error());
    if (!parsed->title.empty() && parsed->title != out.title) {
      return fail(ErrorCode::kBadArgument, shown_url(other) + " is for another title");
    }
    if (parsed->edge.token.empty() || !token.empty()) parsed->edge.token = main->edge.token;
    add_edge(out.edges, std::move(parsed->edge));
  }
  return out;
}

}  // namespace weir
