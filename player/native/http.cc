#include "player/native/http.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <system_error>

#include <nlohmann/json.hpp>

#include "runtime/interrupt.h"
#include "runtime/version.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxFieldBytes = 64U << 10;
constexpr long kConnectMs = 2000;
constexpr auto kNoBytesFor = 5s;  // an edge may first have to ask its origin
constexpr long kReadBytes = 256L << 10;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

struct Get {
  HttpAnswer answer;
  std::size_t limit = 0;
  bool too_long = false;
  const Clock* clock = nullptr;
  std::chrono::steady_clock::time_point last{};
  curl_off_t seen = -1;
  bool stalled = false;
};

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) noexcept {
  return static_cast<Get*>(user)->answer.fields.take({data, size}) ? size : 0;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) noexcept {
  Get& get = *static_cast<Get*>(user);
  if (get.answer.body.size() + size > get.limit) {
    get.too_long = true;
    return 0;
  }
  const ByteView bytes = as_bytes({data, size});
  get.answer.body.insert(get.answer.body.end(), bytes.begin(), bytes.end());
  return size;
}

int on_progress(void* user, curl_off_t, curl_off_t now, curl_off_t, curl_off_t) noexcept {
  Get& get = *static_cast<Get*>(user);
  const auto time = get.clock->monotonic();
  if (now != get.seen) {
    get.seen = now;
    get.last = time;
  }
  get.stalled = time - get.last > kNoBytesFor;
  return get.stalled || interrupted() ? 1 : 0;
}

// What a server says may be shown on a terminal: printable, short, without the token.
std::string blanked(std::string text, const std::string& token) {
  for (std::size_t at = 0; !token.empty() && (at = text.find(token, at)) != std::string::npos;) {
    text.replace(at, token.size(), "…");
  }
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  if (text.size() > 200) text.resize(200);
  return text;
}

struct Problem {
  std::optional<ErrorCode> code;
  std::string detail;
};

Problem problem_in(const HttpFields& fields, ByteView body, const std::string& token) {
  if (fields.content_type != "application/problem+json") return {};
  const auto json = nlohmann::json::parse(body.begin(), body.end(), nullptr, false);
  if (!json.is_object()) return {};
  Problem out;
  if (const auto at = json.find("code"); at != json.end() && at->is_number_unsigned()) {
    const auto value = at->get<std::uint64_t>();
    if (value > 0 && value < 900) out.code = static_cast<ErrorCode>(value);
  }
  if (const auto at = json.find("detail"); at != json.end() && at->is_string()) {
    out.detail = blanked(at->get<std::string>(), token);
  }
  return out;
}

std::string token_words(ErrorCode code) {
  switch (code) {
    case ErrorCode::kTokenMissing:
      return "a token is needed: use the URL with its /~TOKEN, or --token";
    case ErrorCode::kTokenExpired:
      return "the token has expired: get a new one";
    case ErrorCode::kTokenNotYetValid:
      return "the token is not valid yet: check this computer's and the server's clocks";
    case ErrorCode::kTokenWrongTitle:
      return "the token is for another title";
    case ErrorCode::kTokenWrongRight:
      return "the token does not allow this";
    case ErrorCode::kTokenRevoked:
      return "the token was revoked";
    default:
      return "the token was refused";
  }
}

bool is_token_code(ErrorCode code) {
  return code >= ErrorCode::kTokenMissing && code <= ErrorCode::kTokenLifetime;
}

}  // namespace

void http_init() {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

void set_http_options(CURL* handle, const std::string& url) {
  const bool tls = url.starts_with("https://");
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 3L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kReadBytes);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "weir-player/" WEIR_VERSION);
}

bool HttpFields::take(std::string_view line) {
  bytes += line.size();
  if (bytes > kMaxFieldBytes) return false;
  if (line.starts_with("HTTP/")) {  // the answer behind a redirect or a 100
    content_type.clear();
    range_first.reset();
    range_total.reset();
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-type") {
    content_type = lower(trimmed(value.substr(0, value.find(';'))));
  } else if (name == "content-range" && value.starts_with("bytes ")) {
    const std::size_t dash = value.find('-');
    const std::size_t slash = value.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos) return true;
    range_first = number(value.substr(6, dash - 6));
    range_total = number(value.substr(slash + 1));
  }
  return true;
}

Result<HttpAnswer> http_get(const std::string& url, const std::string& edge,
                            std::optional<ByteRange> range, std::size_t limit, const Clock& clock) {
  const CurlPtr handle(curl_easy_init());
  if (!handle) return fail(ErrorCode::kInternal, "out of memory");
  Get get;
  get.limit = limit;
  get.clock = &clock;
  get.last = clock.monotonic();
  set_http_options(handle.get(), url);
  std::string asked;
  if (range) {
    asked = std::to_string(range->offset) + "-" + std::to_string(range->end() - 1);
    curl_easy_setopt(handle.get(), CURLOPT_RANGE, asked.c_str());
  }
  curl_easy_setopt(handle.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle.get(), CURLOPT_HEADERDATA, &get);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &get);
  curl_easy_setopt(handle.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle.get(), CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle.get(), CURLOPT_XFERINFODATA, &get);

  const CURLcode code = curl_easy_perform(handle.get());
  if (auto ok = check_interrupt(); !ok) return tl::unexpected(ok.error());
  if (get.stalled) {
    return fail(ErrorCode::kOriginTimeout, edge + " stopped sending");
  }
  if (get.too_long) {
    return fail(ErrorCode::kOriginStatus, edge + " sent more than it could rightly hold");
  }
  if (code != CURLE_OK) {
    const bool cut = code == CURLE_PARTIAL_FILE;
    return fail(cut ? ErrorCode::kOriginShortBody : ErrorCode::kOriginUnreachable,
                edge + " (" + transport_problem(handle.get(), code) + ")");
  }
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &get.answer.status);
  return std::move(get.answer);
}

Error answer_error(long status, const HttpFields& fields, ByteView body, const std::string& edge,
                   const std::string& what, const std::string& token) {
  Problem problem = problem_in(fields, body, token);
  if (status == 401 || status == 403) {
    const bool named = problem.code && is_token_code(*problem.code);
    const ErrorCode code = named           ? *problem.code
                           : token.empty() ? ErrorCode::kTokenMissing
                                           : ErrorCode::kTokenWrongRight;
    std::string words = named || token.empty() ? token_words(code) : "the token was refused";
    return {code, edge + ": " + words};
  }
  if (status == 404 || status == 410) return {ErrorCode::kNotFound, edge + " has no " + what};
  std::string why = edge + " answered " + std::to_string(status);
  if (fields.is_web_page() && status < 400)
    why = edge + " answered with a web page: is it an edge?";
  if (!problem.detail.empty()) why += " (" + problem.detail + ")";
  return {status == 503 ? ErrorCode::kDraining : ErrorCode::kOriginStatus, why};
}

std::string transport_problem(CURL* handle, CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "no such host";
    case CURLE_COULDNT_CONNECT: {
      long error = 0;
      curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &error);
      if (error == ECONNREFUSED) return "connection refused";
      return error == 0 ? "no connection"
                        : std::generic_category().message(static_cast<int>(error));
    }
    case CURLE_OPERATION_TIMEDOUT:
      return "no connection in time";
    case CURLE_PARTIAL_FILE:
      return "the answer was cut short";
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return "the connection broke";
    case CURLE_GOT_NOTHING:
      return "the connection was closed without an answer";
    case CURLE_TOO_MANY_REDIRECTS:
      return "too many redirects";
    case CURLE_UNSUPPORTED_PROTOCOL:
      return "a redirect to something that is not allowed";
    case CURLE_WEIRD_SERVER_REPLY:
      return "this is not HTTP";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "its TLS certificate is not trusted";
    default:
      return curl_easy_strerror(code);
  }
}

}  // namespace weir
