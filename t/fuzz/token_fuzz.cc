// parse_token() on text, and on three lines taken as header, claims and signature before base64url,
// which mutations would seldom get through. What parses has one meaning: signing it again parses to
// the same.
#include "core/token/token.h"
#include "core/token/token_policy.h"
#include "crypto/token_verifier.h"
#include "t/fuzz/fuzz.h"

namespace weir {
namespace {

void try_parse(std::string_view text) {
  const Result<TokenParts> parts = parse_token(text);
  if (!parts) {
    fuzz::must(parts.error().detail.find(text) == std::string::npos || text.size() < 24,
               "a refusal does not repeat the token");
    return;
  }
  const Token& token = parts->token;
  fuzz::must(text.size() <= kMaxTokenBytes && token.alg == "EdDSA", "only ours pass");
  fuzz::must(!token.titles.empty() && !token.id.empty(), "what must be there is there");
  const std::string input = token_signing_input(token);
  const std::string again = input + "." + to_base64url(parts->signature);
  const Result<TokenParts> back = parse_token(again);
  // Ours may be longer, as it writes defaults out; and rights that nobody knows are not written.
  fuzz::must(back || again.size() > kMaxTokenBytes || token.rights == 0,
             "what parses can be written");
  fuzz::must(!back || token_signing_input(back->token) == input, "and means the same");
  const Status admitted =
      check_token(token, {.title = token.titles.front() == "*" ? "any" : token.titles.front(),
                          .now_unix_s = token.issued_at});
  if (admitted) fuzz::must(token.rights != 0, "nobody plays without a right");
}

}  // namespace
}  // namespace weir

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::as_chars({data, size});
  weir::try_parse(text);
  const std::size_t first = text.find('\n');
  if (first != std::string_view::npos) {
    const std::string header = weir::to_base64url(weir::as_bytes(text.substr(0, first)));
    const std::string claims = weir::to_base64url(weir::as_bytes(text.substr(first + 1)));
    weir::try_parse(header + "." + claims + "." + std::string(86, 'A'));
  }
  (void)weir::TokenVerifier::from_jwks(text);
  return 0;
}
