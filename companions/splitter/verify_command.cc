// `weir verify`: is everything of a title there, and as it was made?
#include <algorithm>
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "companions/commands.h"
#include "companions/splitter/key_file.h"
#include "companions/splitter/library.h"
#include "companions/splitter/verifier.h"
#include "crypto/token_verifier.h"
#include "runtime/human.h"
#include "runtime/progress.h"
#include "runtime/system_clock.h"

namespace weir {
namespace {

constexpr char kName[] = "weir verify";

struct Arguments {
  std::string header, pieces, key_file, jwks;
  bool json = false;
};

// The signature must hold for the key it names; with --jwks that key must also be one of the
// file's.
Status check_signature(const HeaderFile& header, ByteView encoded, const Arguments& args) {
  if (!header.signature) {
    if (args.jwks.empty()) return {};
    return fail(ErrorCode::kHeaderSignature, args.header + " is not signed");
  }
  const HeaderSignature& signature = *header.signature;
  if (!verify_signature(signature.public_key, signed_part(encoded), signature.signature)) {
    return fail(ErrorCode::kHeaderSignature, args.header + " was changed after it was signed");
  }
  if (args.jwks.empty()) return {};
  const auto text = read_file(args.jwks, 1U << 20);
  if (!text) return tl::unexpected(text.error());
  const auto keys = TokenVerifier::from_jwks(as_chars(*text));
  if (!keys) return fail(keys.error().code, args.jwks + ": " + keys.error().detail);
  const auto& trusted = keys->public_keys();
  if (std::find(trusted.begin(), trusted.end(), signature.public_key) == trusted.end()) {
    return fail(ErrorCode::kHeaderSignature,
                "its key " + key_thumbprint(signature.public_key) + " is not in " + args.jwks);
  }
  return {};
}

std::string report_json(const HeaderFile& header, const Verified& verified) {
  nlohmann::json out{{"title", header.info.title},
                     {"revision", header.info.revision.to_string()},
                     {"ok", verified.faults.empty()},
                     {"pieces", verified.pieces},
                     {"bytes", verified.bytes},
                     {"signed", header.signature.has_value()},
                     {"missing", nlohmann::json::array()},
                     {"damaged", nlohmann::json::array()}};
  for (const PieceFault& fault : verified.faults) {
    const bool missing = fault.error.code == ErrorCode::kPieceMissing;
    out[missing ? "missing" : "damaged"].push_back(
        {{"rendition", std::string(rendition_name(fault.rendition))},
         {"index", fault.index},
         {"uuid", fault.id.to_string()},
         {"error", std::string(error_name(fault.error.code))},
         {"detail", fault.error.detail}});
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_report(const HeaderFile& header, const Verified& verified) {
  for (const PieceFault& fault : verified.faults) {
    const bool missing = fault.error.code == ErrorCode::kPieceMissing;
    std::printf("%s  %s %u  %s\n", missing ? "missing" : "damaged",
                std::string(rendition_name(fault.rendition)).c_str(), fault.index,
                fault.error.detail.c_str());
  }
  if (verified.faults.empty()) {
    std::printf("%s: all %s pieces are right, %s\n", header.info.title.c_str(),
                grouped(verified.pieces).c_str(), human_bytes(verified.bytes).c_str());
  }
}

Status verdict(const Verified& verified) {
  if (verified.faults.empty()) return {};
  const std::size_t missing = verified.missing();
  const std::size_t damaged = verified.faults.size() - missing;
  return fail(damaged > 0 ? ErrorCode::kPieceCorrupt : ErrorCode::kPieceMissing,
              "of " + grouped(verified.pieces) + ", " + grouped(missing) + " missing and " +
                  grouped(damaged) + " damaged");
}

Status run(const Arguments& args) {
  const auto encoded = read_file(args.header, kMaxHeaderBytes);
  const auto header = load_header(args.header);
  if (!header) return tl::unexpected(header.error());
  if (!encoded) return tl::unexpected(encoded.error());
  if (auto good = check_signature(*header, *encoded, args); !good) return good;
  std::optional<PieceOpener> opener;
  if (!args.key_file.empty() && header->info.protection.policy != Protect::kNone) {
    const auto key = load_content_key(args.key_file);
    if (!key) return tl::unexpected(key.error());
    auto made = PieceOpener::make(*header, *key);
    if (!made) return tl::unexpected(made.error());
    opener = std::move(*made);
  }
  const auto source = pieces_in_folder(args.pieces.empty() ? pieces_beside(args.header)
                                                           : std::filesystem::path(args.pieces));
  const SystemClock clock;
  Progress bar(kName, 0, clock, !args.json);
  const auto verified = verify_title(*header, opener ? &*opener : nullptr, *source,
                                     [&](std::uint64_t done, std::uint64_t total) {
                                       bar.set_total(total);
                                       bar.at(done);
                                     });
  bar.finish();
  if (!verified) return tl::unexpected(verified.error());
  if (args.json) {
    print_result(report_json(*header, *verified));
  } else {
    print_report(*header, *verified);
  }
  return verdict(*verified);
}

}  // namespace

void add_verify_command(CommandLine& line) {
  auto args = std::make_shared<Arguments>();
  CLI::App* command = line.add("verify", "Check that all of a title is there and undamaged",
                               [args] { return run(*args); });
  command->add_option("HEADER", args->header, "The header file")->required();
  command->add_option("--pieces", args->pieces, "Where the pieces are (../../pieces)")
      ->type_name("DIR");
  command->add_option("--key-file", args->key_file, "Check the key commitments too")
      ->type_name("FILE");
  command->add_option("--jwks", args->jwks, "Ask for a signature by one of these keys")
      ->type_name("FILE");
  command->add_flag("--json", args->json, "Print one JSON object, for machines");
  CommandLine::footer(command,
                      "Lists every piece that is missing or damaged; ends with 65 when one is.");
}

}  // namespace weir
