#include "core/title/header_json.h"

#include <array>
#include <cstdio>
#include <string_view>
#include <type_traits>

#include <nlohmann/json.hpp>

namespace weir {
namespace {

// Text is written directly: a document object of a header with 262,144 pieces would take hundreds
// of megabytes.
class JsonText {
 public:
  template <typename T>
  JsonText& number(std::string_view key, T value) {
    static_assert(std::is_integral_v<T>);
    name(key);
    out_ += std::to_string(value);
    return *this;
  }
  JsonText& boolean(std::string_view key, bool value) {
    name(key);
    out_ += value ? "true" : "false";
    return *this;
  }
  // Microseconds as a number of seconds, exactly.
  JsonText& seconds(std::string_view key, std::int64_t us) {
    name(key);
    std::array<char, 40> text{};
    const std::uint64_t size =
        us < 0 ? ~static_cast<std::uint64_t>(us) + 1 : static_cast<std::uint64_t>(us);
    const int n = std::snprintf(text.data(), text.size(), "%s%llu.%06llu", us < 0 ? "-" : "",
                                static_cast<unsigned long long>(size / 1'000'000),
                                static_cast<unsigned long long>(size % 1'000'000));
    std::string_view digits(text.data(), static_cast<std::size_t>(n));
    while (digits.back() == '0') digits.remove_suffix(1);
    if (digits.back() == '.') digits.remove_suffix(1);
    out_ += digits;
    return *this;
  }
  // Text from the file: escaped, and what is not UTF-8 replaced.
  JsonText& text(std::string_view key, const std::string& value) {
    name(key);
    out_ += nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return *this;
  }
  // Text known to need no escaping: hex, UUIDs, our own words.
  JsonText& plain(std::string_view key, std::string_view value) {
    name(key);
    out_.append(1, '"').append(value).append(1, '"');
    return *this;
  }
  JsonText& open(std::string_view key, char bracket) {
    name(key);
    out_ += bracket;
    first_ = true;
    return *this;
  }
  JsonText& close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  void reserve_more(std::size_t bytes) { out_.reserve(out_.size() + bytes); }
  std::string take() && { return std::move(out_); }

 private:
  // An empty key stands for an element of an array.
  void name(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    if (!key.empty()) out_.append(1, '"').append(key).append("\":");
  }

  std::string out_;
  bool first_ = true;
};

void write_protection(JsonText& json, const Protection& protection) {
  json.open("protect", '{').plain("policy", protect_name(protection.policy));
  if (protection.policy != Protect::kNone) {
    json.plain("scheme", "enp-gcm-1").plain("kid", protection.kid.to_string());
    if (protection.policy == Protect::kPartial) json.number("every", protection.every);
    if (!protection.gateway.empty()) json.text("gateway", protection.gateway);
  }
  json.close('}');
}

void write_streams(JsonText& json, const std::vector<StreamInfo>& streams) {
  json.open("streams", '[');
  for (const StreamInfo& stream : streams) {
    json.open({}, '{').text("type", stream.type).text("codec", stream.codec);
    if (!stream.rfc6381.empty()) json.text("rfc6381", stream.rfc6381);
    if (stream.width > 0) json.number("width", stream.width);
    if (stream.height > 0) json.number("height", stream.height);
    if (stream.rate_num > 0) {
      json.open("rate", '[').number({}, stream.rate_num).number({}, stream.rate_den).close(']');
    }
    if (stream.channels > 0) json.number("channels", stream.channels);
    if (!stream.language.empty()) json.text("lang", stream.language);
    json.close('}');
  }
  json.close(']');
}

void write_media_header(JsonText& json, const MediaHeader& media) {
  json.open("media_header", '{').number("bytes", media.plain_bytes());
  json.boolean("sealed", media.sealed).plain("uuid", media.id.to_string()).open("ranges", '[');
  for (const ByteRange& range : media.ranges) {
    json.open({}, '[').number({}, range.offset).number({}, range.length).close(']');
  }
  json.close(']').close('}');
}

void write_piece(JsonText& json, const Piece& piece) {
  json.open({}, '{').plain("uuid", piece.id.to_string()).number("offset", piece.offset);
  json.number("bytes", piece.plain_bytes).number("stored", piece.stored_bytes);
  json.seconds("time", piece.time_us).seconds("duration", piece.duration_us);
  json.boolean("key_frame", piece.key_frame).boolean("sealed", piece.sealed);
  json.plain("sha256", to_hex(piece.sha256)).close('}');
}

}  // namespace

std::string header_to_json(const HeaderFile& header) {
  const TitleInfo& info = header.info;
  JsonText json;
  json.open({}, '{').text("title", info.title).plain("rev", info.revision.to_string());
  json.number("created", info.created_unix_s).text("name", info.name).text("ext", info.extension);
  json.text("mime", info.mime).text("format", info.format).number("size", info.source_bytes);
  json.plain("sha256", to_hex(info.source_sha256)).seconds("duration", info.duration_us);
  write_protection(json, info.protection);
  write_streams(json, info.streams);
  if (!header.media_header.ranges.empty()) write_media_header(json, header.media_header);
  json.open("renditions", '[');
  for (const Rendition& rendition : header.renditions) {
    json.open({}, '{').plain("kind", rendition_name(rendition.kind));
    json.number("size", rendition.bytes).open("pieces", '[');
    json.reserve_more(rendition.pieces.size() * 288);
    for (const Piece& piece : rendition.pieces) write_piece(json, piece);
    json.close(']').close('}');
  }
  json.close(']');
  if (header.signature) json.plain("signed_by", to_hex(header.signature->public_key));
  json.close('}');
  return std::move(json).take();
}

}  // namespace weir
