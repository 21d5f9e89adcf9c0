#include "ngx_module/http/token_claims.h"

namespace weir::edge {

namespace {

void write_text(ByteWriter& out, const std::string& text) {
  out.u16(static_cast<std::uint16_t>(text.size()));  // a token is at most 1 KiB
  out.bytes(as_bytes(text));
}

std::string read_text(ByteReader& in) {
  const ByteView text = in.take(in.u16());
  return std::string(as_chars(text));
}

}  // namespace

Bytes write_claims(const Token& token) {
  ByteWriter out;
  out.u64(static_cast<std::uint64_t>(token.issued_at));
  out.u64(static_cast<std::uint64_t>(token.not_before));
  out.u64(static_cast<std::uint64_t>(token.expires_at));
  out.u8(token.rights);
  write_text(out, token.audience);
  write_text(out, token.id);
  write_text(out, token.session);
  out.u16(static_cast<std::uint16_t>(token.titles.size()));
  for (const std::string& title : token.titles) write_text(out, title);
  return std::move(out).take();
}

std::optional<Token> read_claims(ByteView bytes) {
  ByteReader in(bytes);
  Token token;
  token.issued_at = static_cast<std::int64_t>(in.u64());
  token.not_before = static_cast<std::int64_t>(in.u64());
  token.expires_at = static_cast<std::int64_t>(in.u64());
  token.rights = in.u8();
  token.audience = read_text(in);
  token.id = read_text(in);
  token.session = read_text(in);
  const std::size_t titles = in.u16();
  for (std::size_t i = 0; i < titles && in.ok(); ++i) token.titles.push_back(read_text(in));
  if (!in.ok() || in.left() != 0) return std::nullopt;
  return token;
}

}  // namespace weir::edge
