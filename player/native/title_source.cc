#include "player/native/title_source.h"

#include <cstring>
#include <utility>

#include "crypto/digest.h"
#include "crypto/header_signature.h"
#include "player/native/http.h"
#include "runtime/files.h"

namespace weir {
namespace {

constexpr std::size_t kMaxKeyFile = 4096;
constexpr std::size_t kPreambleBytes = 32;

std::string title_url(const EdgeUrl& edge, const std::string& title, const char* what) {
  return edge.root() + "/t/" + title + "/" + what;
}

Error not_a_header(const HttpFields& fields, const EdgeUrl& edge, const std::string& title) {
  if (fields.is_web_page()) {
    return {ErrorCode::kOriginStatus, edge.name() + " answered with a web page: is it an edge?"};
  }
  return {ErrorCode::kHeaderNotOne,
          "what " + edge.name() + " sent for title " + title + " is no header file"};
}

Result<Bytes> header_bytes(const EdgeUrl& edge, const std::string& title, bool in_two,
                           const Clock& clock) {
  const std::string url = title_url(edge, title, "header.enp");
  const auto get = [&](std::optional<ByteRange> range) {
    return http_get(url, edge.name(), range, kMaxHeaderBytes, clock);
  };
  auto first = get(in_two ? std::optional(ByteRange{0, kFastStartTarget}) : std::nullopt);
  if (!first) return tl::unexpected(first.error());
  if (first->status != 200 && first->status != 206) {
    return tl::unexpected(answer_error(first->status, first->fields, first->body, edge.name(),
                                       "title " + title, edge.token));
  }
  Bytes bytes = std::move(first->body);
  if (bytes.size() < kPreambleBytes) {
    return tl::unexpected(not_a_header(first->fields, edge, title));
  }
  const auto preamble = HeaderPreamble::decode(ByteView(bytes).first(kPreambleBytes));
  if (!preamble && preamble.error().code == ErrorCode::kHeaderNotOne) {
    return tl::unexpected(not_a_header(first->fields, edge, title));
  }
  if (!preamble) return tl::unexpected(preamble.error());
  if (preamble->size > kMaxHeaderBytes) {
    return fail(ErrorCode::kHeaderTooLarge, "title " + title + " at " + edge.name());
  }
  // Where the edge holds less or more than the header says, decoding tells what is wrong.
  const bool disagree = first->fields.range_total && *first->fields.range_total != preamble->size;
  if (first->status == 200 || disagree || preamble->size <= bytes.size()) return bytes;

  auto rest = get(ByteRange{bytes.size(), preamble->size - bytes.size()});
  if (!rest) return tl::unexpected(rest.error());
  if (rest->status == 200) return std::move(rest->body);
  if (rest->status != 206 || rest->fields.range_first != bytes.size()) {
    return tl::unexpected(answer_error(rest->status, rest->fields, rest->body, edge.name(),
                                       "title " + title, edge.token));
  }
  bytes.insert(bytes.end(), rest->body.begin(), rest->body.end());
  return bytes;
}

Result<OpenTitle> header_from(const EdgeUrl& edge, const std::string& title, const Clock& clock) {
  for (const bool in_two : {true, false}) {
    auto bytes = header_bytes(edge, title, in_two, clock);
    if (!bytes) return tl::unexpected(bytes.error());
    auto header = HeaderFile::decode(*bytes);
    // The title may have been changed between the two halves.
    if (!header && in_two) continue;
    if (!header) {
      Error error = header.error();
      error.detail = "title " + title + " at " + edge.name() + ": " + error.detail;
      return tl::unexpected(error);
    }
    if (header->info.title != title) {
      return fail(ErrorCode::kHeaderCorrupt, edge.name() + " sent the header of another title");
    }
    if (header->signature) {
      if (auto ok = verify_header_signature(*bytes); !ok) return tl::unexpected(ok.error());
    }
    return OpenTitle{*std::move(header), sha256(*bytes), std::nullopt};
  }
  return fail(ErrorCode::kInternal, "no header");
}

bool is_token_error(const Error& error) {
  return error.code >= ErrorCode::kTokenMissing && error.code <= ErrorCode::kTokenLifetime;
}

// Asks one edge after the other. When none answers rightly, what the edges said is told, a refused
// token first: waiting does not mend that.
template <typename T, typename Ask>
Result<T> first_that_answers(const TitleLocation& location, const Ask& ask) {
  std::optional<Error> told;
  for (const EdgeUrl& edge : location.edges) {
    Result<T> answer = ask(edge);
    if (answer || answer.error().code == ErrorCode::kInterrupted) return answer;
    if (!told || (is_token_error(answer.error()) && !is_token_error(*told))) {
      told = answer.error();
    } else if (is_token_error(*told) == is_token_error(answer.error())) {
      told->detail += "; " + answer.error().detail;
    }
  }
  return tl::unexpected(*told);
}

Result<ContentKey> key_from(const EdgeUrl& edge, const std::string& title, const Clock& clock) {
  auto answer =
      http_get(title_url(edge, title, "key"), edge.name(), std::nullopt, kMaxKeyFile, clock);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status == 404) {
    return fail(ErrorCode::kKeyMissing, edge.name() + " does not hold the key of " + title +
                                            ": use --key-file, or ask who runs it");
  }
  if (answer->status != 200) {
    return tl::unexpected(
        answer_error(answer->status, answer->fields, answer->body, edge.name(), "key", edge.token));
  }
  auto key = ContentKey::parse(answer->body);
  explicit_bzero(answer->body.data(), answer->body.size());
  if (!key)
    return fail(ErrorCode::kKeyMalformed, "what " + edge.name() + " sent as the key is none");
  return key;
}

Result<ContentKey> key_of(const TitleLocation& location, const std::filesystem::path& key_file,
                          const TitleInfo& info, const Clock& clock) {
  const bool from_file = !key_file.empty();
  Result<ContentKey> key = tl::unexpected(Error{});
  if (from_file) {
    auto bytes = read_file(key_file, kMaxKeyFile);
    if (!bytes) return tl::unexpected(bytes.error());
    key = ContentKey::parse(*bytes);
    explicit_bzero(bytes->data(), bytes->size());
    if (!key) return fail(ErrorCode::kKeyMalformed, key_file.string() + " holds no content key");
  } else {
    key = first_that_answers<ContentKey>(
        location, [&](const EdgeUrl& edge) { return key_from(edge, info.title, clock); });
  }
  if (!key) return key;
  if (key->kid() != info.protection.kid) {
    const std::string whose = from_file ? key_file.string() : "what the edge sent";
    return fail(ErrorCode::kKeyWrong, whose + " is key " + key->kid().to_string() + ", " +
                                          info.title + " needs " + info.protection.kid.to_string());
  }
  return key;
}

}  // namespace

Result<OpenTitle> open_title(const TitleLocation& location, const std::filesystem::path& key_file,
                             const Clock& clock) {
  auto title = first_that_answers<OpenTitle>(
      location, [&](const EdgeUrl& edge) { return header_from(edge, location.title, clock); });
  if (!title) return title;
  const TitleInfo& info = title->header.info;
  if (info.protection.policy == Protect::kNone) return title;
  auto key = key_of(location, key_file, info, clock);
  if (!key) return tl::unexpected(key.error());
  title->key = *std::move(key);
  return title;
}

}  // namespace weir
