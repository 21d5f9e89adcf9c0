// weir_token, its phases and variables.
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "crypto/digest.h"
#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/read_file.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/access_token.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/directives.h"
#include "ngx_module/http/edge_state.h"
#include "ngx_module/http/title_location.h"
#include "ngx_module/http/token_path.h"
#include "ngx_module/http/token_state.h"

namespace weir::edge {

namespace {

constexpr std::size_t kMaxKeySetBytes = 1U << 20;

char* fail_conf() noexcept {
  return static_cast<char*>(NGX_CONF_ERROR);
}

ngx_str_t* arguments(ngx_conf_t* cf) noexcept {
  return static_cast<ngx_str_t*>(cf->args->elts);
}

// The text behind NAME=, or nullopt.
std::optional<std::string_view> value_of(std::string_view argument, std::string_view name) {
  if (!argument.starts_with(name)) return std::nullopt;
  return argument.substr(name.size());
}

// In the master, as root: the file may be mode 0600.
std::shared_ptr<const TokenKeys> read_keys(ngx_conf_t* cf, std::string_view path) {
  ngx_str_t full = copy_ngx_str(cf->pool, path);
  if (full.data == nullptr || ngx_conf_full_name(cf->cycle, &full, 1) != NGX_OK) return nullptr;
  const std::string name(as_view(full));
  const auto text = read_file(name, kMaxKeySetBytes);
  if (!text) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "weir_token: cannot read the key set %s",
                       text.error().detail.c_str());
    return nullptr;
  }
  auto verifier = TokenVerifier::from_jwks(as_chars(*text));
  if (!verifier) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "weir_token: \"%V\": %s", &full,
                       verifier.error().detail.c_str());
    return nullptr;
  }
  return std::make_shared<const TokenKeys>(TokenKeys{*std::move(verifier), sha256(*text)});
}

char* set_local(ngx_conf_t* cf, TokenConf& conf) {
  std::string_view keys;
  for (ngx_uint_t i = 2; i < cf->args->nelts; ++i) {
    const std::string_view argument = as_view(arguments(cf)[i]);
    if (const auto path = value_of(argument, "keys=")) {
      keys = *path;
    } else if (const auto audience = value_of(argument, "audience=")) {
      conf.audience = copy_ngx_str(cf->pool, *audience);
    } else if (const auto name = value_of(argument, "right="); name && parse_right(*name)) {
      conf.right = *parse_right(*name);
    } else {
      ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "weir_token: invalid parameter \"%V\"",
                         &arguments(cf)[i]);
      return fail_conf();
    }
  }
  if (keys.empty()) return const_cast<char*>("needs keys=FILE, a JWK set");
  conf.keys = read_keys(cf, keys);
  if (conf.keys == nullptr) return fail_conf();
  MainConf* main = main_conf(cf);
  main->edge_state = add_edge_state(cf);
  if (main->edge_state == nullptr) return fail_conf();
  note_takes_tokens(cf);
  return NGX_CONF_OK;
}

// weir_token off | local keys=FILE [audience=NAME] [right=RIGHT];
char* set_token(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  return guard(cf->log, "weir_token", fail_conf(), [&]() -> char* {
    TokenConf& token = static_cast<LocationConf*>(conf)->token;
    if (token.set) return const_cast<char*>("is duplicate");
    token.set = true;
    const std::string_view mode = as_view(arguments(cf)[1]);
    if (mode == "off" && cf->args->nelts == 2) return NGX_CONF_OK;
    if (mode == "local") return set_local(cf, token);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "weir_token: \"%V\": must be \"off\" or \"local keys=FILE\"",
                       &arguments(cf)[1]);
    return fail_conf();
  });
}

ngx_int_t set_value(ngx_http_variable_value_t* v, std::string_view text) noexcept {
  v->data = as_ngx_str(text).data;
  v->len = static_cast<unsigned>(text.size()) & 0x0fffffffU;
  v->valid = !text.empty();
  v->not_found = text.empty();
  v->no_cacheable = 0;
  return NGX_OK;
}

// Only of tokens that were verified: what a stranger writes into a token is not worth logging.
template <std::string Token::*kClaim>
ngx_int_t claim_variable(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t) noexcept {
  const auto text = guard(r->connection->log, "a token variable", std::string_view(), [&] {
    const TokenState* state = token_state(r);
    return state != nullptr && state->claims ? std::string_view(*state->claims.*kClaim)
                                             : std::string_view();
  });
  return set_value(v, text);
}

const std::array kDirectives{
    ngx_command_t{ngx_string("weir_token"),
                  NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_1MORE,
                  set_token, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
};

const std::array kHooks{
    PhaseHook{NGX_HTTP_POST_READ_PHASE, take_token_off},
    PhaseHook{NGX_HTTP_ACCESS_PHASE, check_access},
    PhaseHook{NGX_HTTP_LOG_PHASE, redact_before_log},
};

const std::array kVariables{
    Variable{"weir_sid", claim_variable<&Token::session>, NGX_HTTP_VAR_NOCACHEABLE},
    Variable{"weir_jti", claim_variable<&Token::id>, NGX_HTTP_VAR_NOCACHEABLE},
};

}  // namespace

std::span<const ngx_command_t> token_directives() noexcept {
  return kDirectives;
}
std::span<const PhaseHook> token_hooks() noexcept {
  return kHooks;
}
std::span<const Variable> token_variables() noexcept {
  return kVariables;
}

}  // namespace weir::edge
