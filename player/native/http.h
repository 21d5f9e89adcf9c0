// libcurl as Weir's player uses it: HTTP/1.1 over TCP or TLS, redirects to http and https only
// (never from https to http), bounded headers and bodies; and the words for what an edge answered
// when it was not what was asked.
//
// No message holds an URL's path: tokens live there.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <curl/curl.h>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/title/header_file.h"

namespace weir {

struct CurlFree {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
using CurlPtr = std::unique_ptr<CURL, CurlFree>;

// Once a process, before anything else here.
void http_init();

// What every request has in common, on a fresh or reset handle.
void set_http_options(CURL* handle, const std::string& url);

// The response fields that matter; feed it header lines in order.
struct HttpFields {
  std::string content_type;  // lower case, without parameters
  // Content-Range: bytes first-last/total
  std::optional<std::uint64_t> range_first, range_total;
  std::size_t bytes = 0;  // of all lines; over the limit: take() says no

  bool take(std::string_view line);
  bool is_web_page() const { return content_type == "text/html"; }
};

struct HttpAnswer {
  long status = 0;
  HttpFields fields;
  Bytes body;
};

// One GET, waiting for it. `range` empty: everything. Fails when nobody answers
// (kOriginUnreachable, kOriginTimeout, kOriginShortBody), when the body is over `limit`
// (kOriginStatus), or by a signal; any status is an answer. `edge` is what messages call the
// server.
Result<HttpAnswer> http_get(const std::string& url, const std::string& edge,
                            std::optional<ByteRange> range, std::size_t limit, const Clock& clock);

// The error for an answer that is not what was asked: by the number in its problem+json body when
// it has one, else by its status. `what` is what was asked for ("title big-buck-bunny"); `token` is
// blanked wherever it occurs.
Error answer_error(long status, const HttpFields& fields, ByteView body, const std::string& edge,
                   const std::string& what, const std::string& token);

// Why a request on `handle` failed, in words, without the URL.
std::string transport_problem(CURL* handle, CURLcode code);

}  // namespace weir
