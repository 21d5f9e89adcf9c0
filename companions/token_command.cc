// `weir token keygen|jwks|issue|verify`: keys and tokens without a gateway. A token or key is never
// part of an error message.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "companions/commands.h"
#include "core/title/title_id.h"
#include "crypto/content_key.h"
#include "crypto/token_verifier.h"
#include "runtime/atomic_file.h"
#include "runtime/exit_code.h"
#include "runtime/system_clock.h"

namespace weir {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t kMaxKeyFileBytes = 64U << 10;
constexpr std::uint64_t kMaxKeySetBytes = 1U << 20;

std::int64_t now_unix_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(SystemClock().wall().time_since_epoch())
      .count();
}

// What was wrong with a file, with its name.
tl::unexpected<Error> in_file(const std::string& path, Error error) {
  return fail(error.code, path + ": " + error.detail);
}

Result<SigningKey> read_signing_key(const std::string& path) {
  const Result<Bytes> file = read_file(path, kMaxKeyFileBytes);
  if (!file) return tl::unexpected(file.error());
  Result<SigningKey> key = SigningKey::from_pem(as_chars(*file));
  if (!key) return in_file(path, key.error());
  return key;
}

void print_line(const std::string& text) {
  std::printf("%s\n", text.c_str());
}

// keygen

struct KeygenArguments {
  std::string output;
  bool json = false;
};

Status keygen(const KeygenArguments& args) {
  const SigningKey key = SigningKey::generate();
  const std::string pem = key.to_pem();
  if (Status wrote = write_atomically(args.output, as_bytes(pem), 0600, /*replace=*/false);
      !wrote) {
    return wrote;
  }
  const std::string kid = key_thumbprint(key.public_key());
  if (args.json) {
    print_line(ordered_json({{"key", args.output}, {"kid", kid}}).dump());
  } else {
    print_line(args.output + ": key " + kid);
  }
  return {};
}

// jwks

Status jwks(const std::vector<std::string>& paths) {
  std::vector<PublicKeyBytes> keys;
  for (const std::string& path : paths) {
    const Result<SigningKey> key = read_signing_key(path);
    if (!key) return tl::unexpected(key.error());
    const PublicKeyBytes bytes = key->public_key();
    if (std::find(keys.begin(), keys.end(), bytes) == keys.end()) keys.push_back(bytes);
  }
  print_line(jwks_json(keys));
  return {};
}

// issue

struct IssueArguments {
  std::string key;
  std::vector<std::string> titles;
  std::vector<std::string> rights{"play"};
  std::int64_t ttl_s = kMaxTokenLifeS;
  std::string subject, session, audience;
  std::string issuer = "weir";
  std::uint32_t plays = 0, window_s = 0, max_sockets = Token{}.max_sockets;
  bool json = false;
};

Result<Token> token_to_issue(const IssueArguments& args) {
  Token token;
  for (const std::string& title : args.titles) {
    if (title != "*" && !is_title_id(title)) {
      return fail(ErrorCode::kBadArgument, "--title '" + title + "' is no title id");
    }
    token.titles.push_back(title);
  }
  for (const std::string& name : args.rights) {
    const std::optional<Right> right = parse_right(name);
    if (!right) {
      return fail(ErrorCode::kBadArgument,
                  "--rights '" + name + "': there are play, dl, live, mc and publish");
    }
    token.rights = static_cast<std::uint8_t>(token.rights | static_cast<std::uint8_t>(*right));
  }
  token.issuer = args.issuer;
  token.subject = args.subject;
  token.audience = args.audience;
  token.session = args.session.empty() ? random_uuid().to_string() : args.session;
  token.id = random_uuid().to_string();
  token.plays = args.plays;
  token.window_s = args.window_s;
  token.max_sockets = args.max_sockets;
  token.issued_at = token.not_before = now_unix_s();
  token.expires_at = token.issued_at + args.ttl_s;
  return token;
}

// An edge's answer to the token, so that nobody is given one that every edge refuses.
Status check_issued(const SigningKey& key, const std::string& text, const Token& token) {
  Result<TokenVerifier> verifier = TokenVerifier::from_jwks(jwks_json({key.public_key()}));
  if (!verifier) return tl::unexpected(verifier.error());
  const Result<Token> parsed = verifier->verify_signature_of(text);
  if (!parsed) return fail(ErrorCode::kBadArgument, parsed.error().detail);
  TokenRequest request;
  request.now_unix_s = token.issued_at;
  const Status admitted = check_token(token, request);
  if (!admitted && admitted.error().code == ErrorCode::kTokenLifetime) {
    return fail(ErrorCode::kBadArgument, "--ttl: " + admitted.error().detail);
  }
  return {};
}

Status issue(const IssueArguments& args) {
  const Result<Token> token = token_to_issue(args);
  if (!token) return tl::unexpected(token.error());
  const Result<SigningKey> key = read_signing_key(args.key);
  if (!key) return tl::unexpected(key.error());
  const std::string text = issue_token(*key, *token);
  if (Status good = check_issued(*key, text, *token); !good) return good;
  if (args.json) {
    print_line(ordered_json({{"token", text},
                             {"expires_at", token->expires_at},
                             {"sid", token->session},
                             {"jti", token->id}})
                   .dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  } else {
    print_line(text);
  }
  return {};
}

// verify

struct VerifyArguments {
  std::string token, jwks, title, right, audience;
  bool json = false;
};

std::string first_line_of_stdin() {
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::vector<std::string> right_names(const Token& token) {
  std::vector<std::string> out;
  for (const Right right :
       {Right::kPlay, Right::kDownload, Right::kLive, Right::kMulticast, Right::kPublish}) {
    if (token.allows(right)) out.emplace_back(right_name(right));
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

ordered_json token_json(const Token& token) {
  return {{"valid", true},
          {"iss", token.issuer},
          {"sub", token.subject},
          {"aud", token.audience},
          {"iat", token.issued_at},
          {"nbf", token.not_before},
          {"exp", token.expires_at},
          {"jti", token.id},
          {"kid", token.kid},
          {"sid", token.session},
          {"titles", token.titles},
          {"rights", right_names(token)},
          {"max_sockets", token.max_sockets},
          {"plays", token.plays},
          {"window_s", token.window_s}};
}

void print_token(const Token& token, std::int64_t now) {
  const std::int64_t left = token.expires_at - now;
  std::printf("the token is valid%s\n", left > 0 ? "" : " by the 30 s of skew that edges allow");
  const auto line = [](const char* name, const std::string& value) {
    if (!value.empty()) std::printf("  %-8s %s\n", name, value.c_str());
  };
  line("titles", joined(token.titles));
  line("rights", joined(right_names(token)));
  line("viewer", token.subject);
  line("edges", token.audience);
  line("session", token.session);
  line("issuer", token.issuer);
  line("id", token.id);
  line("key", token.kid);
  line("sockets", std::to_string(token.max_sockets));
  line("plays", token.plays == 0 ? "" : std::to_string(token.plays));
  line("window", token.window_s == 0 ? "" : std::to_string(token.window_s) + " s");
  line("expires",
       left > 0 ? "in " + std::to_string(left) + " s" : std::to_string(-left) + " s ago");
}

// The right to ask for when the user names none: one that the token has.
Right any_right_of(const Token& token) {
  const std::vector<std::string> names = right_names(token);
  return names.empty() ? Right::kPlay : parse_right(names.front()).value_or(Right::kPlay);
}

Status verify(const VerifyArguments& args) {
  TokenRequest request;
  request.title = args.title;
  request.audience = args.audience;
  request.now_unix_s = now_unix_s();
  if (!args.title.empty() && !is_title_id(args.title)) {
    return fail(ErrorCode::kBadArgument, "--title '" + args.title + "' is no title id");
  }
  const std::optional<Right> right = parse_right(args.right);
  if (!right && !args.right.empty()) {
    return fail(ErrorCode::kBadArgument,
                "--right '" + args.right + "': there are play, dl, live, mc and publish");
  }
  const Result<Bytes> file = read_file(args.jwks, kMaxKeySetBytes);
  if (!file) return tl::unexpected(file.error());
  const Result<TokenVerifier> verifier = TokenVerifier::from_jwks(as_chars(*file));
  if (!verifier) return in_file(args.jwks, verifier.error());

  const std::string text = args.token == "-" ? first_line_of_stdin() : args.token;
  const Result<Token> token = verifier->verify_signature_of(text);
  if (!token) return tl::unexpected(token.error());
  request.right = right.value_or(any_right_of(*token));
  if (Status admitted = check_token(*token, request); !admitted) return admitted;
  if (args.json) {
    print_line(token_json(*token).dump());
  } else {
    print_token(*token, request.now_unix_s);
  }
  return {};
}

void add_keygen(CommandLine& line, CLI::App* family) {
  auto args = std::make_shared<KeygenArguments>();
  CLI::App* command = line.add(
      "keygen", "Make a key to sign tokens with", [args] { return keygen(*args); }, family);
  command->add_option("-o,--output", args->output, "Where the private key goes (mode 0600, PEM)")
      ->type_name("FILE")
      ->required();
  command->add_flag("--json", args->json, "Print {key, kid}");
  CommandLine::footer(command, "An existing file is never overwritten.");
}

void add_jwks(CommandLine& line, CLI::App* family) {
  auto keys = std::make_shared<std::vector<std::string>>();
  CLI::App* command = line.add(
      "jwks", "Print the public key set that edges check tokens with",
      [keys] { return jwks(*keys); }, family);
  command->add_option("KEY", *keys, "Private keys whose public halves go into the set")->required();
  CommandLine::footer(command,
                      "For weir_token's keys=FILE:  weir token jwks token.key > jwks.json");
}

void add_issue(CommandLine& line, CLI::App* family) {
  auto args = std::make_shared<IssueArguments>();
  CLI::App* command = line.add(
      "issue", "Sign a token for a viewer", [args] { return issue(*args); }, family);
  command->add_option("--key", args->key, "The private key (weir token keygen)")
      ->type_name("FILE")
      ->required();
  command->add_option("--title", args->titles, "Title the token is for; may be repeated; '*': all")
      ->type_name("ID")
      ->required();
  command->add_option("--rights", args->rights, "play, dl, live, mc, publish (default: play)")
      ->type_name("RIGHT")
      ->delimiter(',');
  command
      ->add_option("--ttl", args->ttl_s,
                   "Seconds it lives (default 300, the most; 43200 with right dl)")
      ->check(CLI::Range(std::int64_t{1}, kMaxDownloadTokenLifeS))
      ->type_name("S");
  command->add_option("--sub", args->subject, "The viewer")->type_name("NAME");
  command->add_option("--sid", args->session, "Session id (default: a new one)")->type_name("ID");
  command->add_option("--plays", args->plays, "How often it may be played")->type_name("N");
  command->add_option("--window", args->window_s, "Seconds from the first play to the last")
      ->type_name("S");
  command->add_option("--max-sockets", args->max_sockets, "Connections at a time (default 5)")
      ->check(CLI::Range(1U, 64U))
      ->type_name("N");
  command->add_option("--audience", args->audience, "Group of edges it is for (default: any)")
      ->type_name("NAME");
  command->add_option("--issuer", args->issuer, "Who issued it (default: weir)")->type_name("NAME");
  command->add_flag("--json", args->json, "Print {token, expires_at, sid, jti}");
  CommandLine::footer(command, "Put it in front of a path: http://edge/~TOKEN/t/TITLE/file.mp4");
}

void add_verify(CommandLine& line, CLI::App* family) {
  auto args = std::make_shared<VerifyArguments>();
  CLI::App* command = line.add(
      "verify", "Say whether edges admit a token now, and for what",
      [args] { return verify(*args); }, family);
  command->add_option("TOKEN", args->token, "The token; '-' reads it from standard input")
      ->required();
  command->add_option("--jwks", args->jwks, "The public key set")->type_name("FILE")->required();
  command->add_option("--title", args->title, "Also ask for this title")->type_name("ID");
  command->add_option("--right", args->right, "Also ask for this right")->type_name("RIGHT");
  command->add_option("--audience", args->audience, "Also ask as an edge of this group")
      ->type_name("NAME");
  command->add_flag("--json", args->json, "Print its claims");
  line.exit_when_refused(command, kExitData);
  CommandLine::footer(command, "Ends with 0 when it is admitted, with 65 when it is refused.");
}

}  // namespace

void add_token_commands(CommandLine& line) {
  CLI::App* family = line.group("token", "Keys and tokens: keygen, jwks, issue, verify");
  add_keygen(line, family);
  add_jwks(line, family);
  add_issue(line, family);
  add_verify(line, family);
}

}  // namespace weir
