// The CORE section: CBOR <-> TitleInfo.
#include <algorithm>
#include <limits>

#include "core/base/cbor.h"
#include "core/title/header_sections.h"

namespace weir::header {
namespace {

constexpr std::string_view kScheme = "enp-gcm-1";
constexpr std::size_t kMaxPairs = 16;  // of any map here
constexpr std::size_t kMaxRenditions = 2;

void write_protection(CborWriter& out, const Protection& protection) {
  const bool sealed = protection.policy != Protect::kNone;
  const bool partial = protection.policy == Protect::kPartial;
  const bool gateway = sealed && !protection.gateway.empty();
  out.map(1U + (sealed ? 2U : 0U) + (partial ? 1U : 0U) + (gateway ? 1U : 0U));
  if (sealed) {
    out.text("kid");
    out.bytes(protection.kid.view());
  }
  if (partial) {
    out.text("every");
    out.uint(protection.every);
  }
  out.text("policy");
  out.text(protect_name(protection.policy));
  if (sealed) {
    out.text("scheme");
    out.text(kScheme);
  }
  if (gateway) {
    out.text("gateway");
    out.text(protection.gateway);
  }
}

void write_stream(CborWriter& out, const StreamInfo& stream) {
  const auto known_uint = [&out](std::string_view key, std::uint32_t value) {
    if (value == 0) return;
    out.text(key);
    out.uint(value);
  };
  const auto known_text = [&out](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out.text(key);
    out.text(value);
  };
  const auto one = [](bool known) { return known ? 1U : 0U; };
  out.map(2U + one(!stream.language.empty()) + one(stream.rate_num != 0) + one(stream.width != 0) +
          one(stream.height != 0) + one(!stream.rfc6381.empty()) + one(stream.channels != 0));
  known_text("lang", stream.language);
  if (stream.rate_num != 0) {
    out.text("rate");
    out.array(2);
    out.uint(stream.rate_num);
    out.uint(stream.rate_den);
  }
  known_text("type", stream.type);
  known_text("codec", stream.codec);
  known_uint("width", stream.width);
  known_uint("height", stream.height);
  known_text("rfc6381", stream.rfc6381);
  known_uint("channels", stream.channels);
}

void write_rendition(CborWriter& out, const Rendition& rendition) {
  out.map(3);
  out.text("kind");
  out.text(rendition_name(rendition.kind));
  out.text("size");
  out.uint(rendition.bytes);
  out.text("pieces");
  out.uint(rendition.pieces.size());
}

template <std::size_t N>
void read_array(CborReader& in, std::array<std::uint8_t, N>& out) {
  const ByteView bytes = in.bytes();
  if (bytes.size() != N) return in.fail();
  std::copy(bytes.begin(), bytes.end(), out.begin());
}

void read_signed(CborReader& in, std::int64_t& out) {
  const std::uint64_t value = in.uint();
  if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return in.fail();
  out = static_cast<std::int64_t>(value);
}

// A number that stands only where it is known is never zero.
void read_known(CborReader& in, std::uint32_t& out) {
  const std::uint64_t value = in.uint();
  if (value == 0 || value > std::numeric_limits<std::uint32_t>::max()) return in.fail();
  out = static_cast<std::uint32_t>(value);
}

void read_known(CborReader& in, std::string& out) {
  out = in.text();
  if (out.empty()) in.fail();
}

void read_protection(CborReader& in, Protection& out) {
  CborMap map(in, kMaxPairs);
  bool kid = false;
  bool scheme = false;
  bool policy = false;
  while (map.next()) {
    if (map.key() == "kid") {
      read_array(in, out.kid.bytes);
      kid = true;
    } else if (map.key() == "every") {
      read_known(in, out.every);
    } else if (map.key() == "policy") {
      const std::string_view name = in.text();
      policy = true;
      if (name == "partial") {
        out.policy = Protect::kPartial;
      } else if (name == "all") {
        out.policy = Protect::kAll;
      } else if (name != "none") {
        in.fail();
      }
    } else if (map.key() == "scheme") {
      if (in.text() != kScheme) in.fail();
      scheme = true;
    } else if (map.key() == "gateway") {
      read_known(in, out.gateway);
    } else {
      in.fail();
    }
  }
  const bool sealed = out.policy != Protect::kNone;
  if (!policy || kid != sealed || scheme != sealed) in.fail();
}

void read_stream(CborReader& in, StreamInfo& out) {
  CborMap map(in, kMaxPairs);
  while (map.next()) {
    if (map.key() == "lang") {
      read_known(in, out.language);
    } else if (map.key() == "rate") {
      if (in.array(2) != 2) in.fail();
      read_known(in, out.rate_num);
      read_known(in, out.rate_den);
    } else if (map.key() == "type") {
      read_known(in, out.type);
    } else if (map.key() == "codec") {
      read_known(in, out.codec);
    } else if (map.key() == "width") {
      read_known(in, out.width);
    } else if (map.key() == "height") {
      read_known(in, out.height);
    } else if (map.key() == "rfc6381") {
      read_known(in, out.rfc6381);
    } else if (map.key() == "channels") {
      read_known(in, out.channels);
    } else {
      in.fail();
    }
  }
}

void read_rendition(CborReader& in, Core::RenditionSize& out) {
  CborMap map(in, kMaxPairs);
  unsigned found = 0;
  while (map.next()) {
    ++found;
    if (map.key() == "kind") {
      const std::string_view kind = in.text();
      if (kind == rendition_name(RenditionKind::kTs)) {
        out.kind = RenditionKind::kTs;
      } else if (kind != rendition_name(RenditionKind::kFile)) {
        in.fail();
      }
    } else if (map.key() == "size") {
      out.bytes = in.uint();
    } else if (map.key() == "pieces") {
      out.pieces = in.uint();
    } else {
      in.fail();
    }
  }
  if (found != 3) in.fail();
}

void read_info(CborReader& in, std::string_view key, Core& out) {
  TitleInfo& info = out.info;
  if (key == "rev") {
    read_array(in, info.revision.bytes);
  } else if (key == "ext") {
    info.extension = in.text();
  } else if (key == "mime") {
    info.mime = in.text();
  } else if (key == "name") {
    info.name = in.text();
  } else if (key == "size") {
    info.source_bytes = in.uint();
  } else if (key == "title") {
    info.title = in.text();
  } else if (key == "format") {
    info.format = in.text();
  } else if (key == "sha256") {
    read_array(in, info.source_sha256);
  } else if (key == "created") {
    read_signed(in, info.created_unix_s);
  } else if (key == "duration") {
    read_signed(in, info.duration_us);
  } else if (key == "protect") {
    read_protection(in, info.protection);
  } else if (key == "streams") {
    info.streams.resize(in.array(kMaxStreams));
    for (StreamInfo& stream : info.streams) read_stream(in, stream);
  } else if (key == "renditions") {
    out.renditions.resize(in.array(kMaxRenditions));
    for (Core::RenditionSize& rendition : out.renditions) read_rendition(in, rendition);
  } else {
    in.fail();
  }
}

}  // namespace

Bytes encode_core(const HeaderFile& header) {
  const TitleInfo& info = header.info;
  CborWriter out;
  out.map(13);
  out.text("ext");
  out.text(info.extension);
  out.text("rev");
  out.bytes(info.revision.view());
  out.text("mime");
  out.text(info.mime);
  out.text("name");
  out.text(info.name);
  out.text("size");
  out.uint(info.source_bytes);
  out.text("title");
  out.text(info.title);
  out.text("format");
  out.text(info.format);
  out.text("sha256");
  out.bytes(info.source_sha256);
  out.text("created");
  out.uint(static_cast<std::uint64_t>(info.created_unix_s));
  out.text("protect");
  write_protection(out, info.protection);
  out.text("streams");
  out.array(info.streams.size());
  for (const StreamInfo& stream : info.streams) write_stream(out, stream);
  out.text("duration");
  out.uint(static_cast<std::uint64_t>(info.duration_us));
  out.text("renditions");
  out.array(header.renditions.size());
  for (const Rendition& rendition : header.renditions) write_rendition(out, rendition);
  return std::move(out).take();
}

Result<Core> decode_core(ByteView bytes) {
  if (bytes.size() > kMaxCoreBytes) {
    return fail(ErrorCode::kHeaderTooLarge, "CORE has " + std::to_string(bytes.size()) +
                                                " bytes; at most " + std::to_string(kMaxCoreBytes) +
                                                " are allowed");
  }
  CborReader in(bytes);
  Core out;
  std::size_t found = 0;
  for (CborMap map(in, kMaxPairs); map.next(); ++found) read_info(in, map.key(), out);
  // Keys ascend and unknown ones are refused, so thirteen of them are all of them.
  if (!in.ok() || !in.at_end() || found != 13) {
    return fail(ErrorCode::kHeaderCorrupt, "CORE is not the CBOR map that it should be");
  }
  return out;
}

}  // namespace weir::header
