// weir_status: what the workers have counted, as JSON or in Prometheus' text format. Reads shared
// memory only; fails open: a number that cannot be had is left out.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/errors.h"
#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/glue/wake.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/directives.h"
#include "ngx_module/http/edge_state.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/serve_object.h"

namespace weir::edge {

namespace {

struct Metric {
  std::string_view name;  // in JSON; with weir_store_ before it in Prometheus
  bool counter;           // else a gauge
  std::uint64_t value;
};

std::vector<Metric> metrics_of(const Store& store) {
  const StoreCounters& c = store.counters();
  const std::uint64_t max = store.settings().max_size;
  return {
      {"bytes", false, c.bytes},
      {"max_bytes", false, max == ~std::uint64_t{0} ? 0 : max},
      {"objects", false, store.objects()},
      {"hits", true, c.hits},
      {"misses", true, c.misses},
      {"fills", true, c.fills},
      {"collapsed", true, c.collapsed},
      {"origin_requests", true, c.origin_requests},
      {"origin_bytes", true, c.origin_bytes},
      {"served_bytes", true, c.served_bytes},
      {"evicted_blocks", true, c.evicted_blocks},
      {"crc_errors", true, c.crc_errors},
  };
}

std::vector<Metric> title_metrics(const MainConf& conf) {
  if (conf.edge_state == nullptr) return {};
  const EdgeCounters& c = EdgeState(conf.edge_state).counters();
  return {
      {"headers_refused", true, c.headers_refused},
      {"pieces_corrupt", true, c.pieces_corrupt},
      {"records_opened", true, c.records_opened},
  };
}

struct TokenNumbers {
  std::uint64_t verified = 0;
  std::uint64_t cached = 0;
  struct Refused {
    std::string_view reason;
    std::uint64_t count;
  };
  std::vector<Refused> refused;  // those that happened
};

TokenNumbers token_numbers(const MainConf& conf) {
  TokenNumbers numbers;
  if (conf.edge_state == nullptr) return numbers;
  const EdgeCounters& counters = EdgeState(conf.edge_state).counters();
  numbers.verified = counters.tokens_verified;
  numbers.cached = counters.tokens_cached;
  for (std::size_t code = 0; code < counters.tokens_refused.size(); ++code) {
    const std::uint64_t count = counters.tokens_refused[code];
    if (count != 0) {
      numbers.refused.push_back({error_name(static_cast<ErrorCode>(code)), count});
    }
  }
  return numbers;
}

std::vector<ngx_pid_t> worker_pids() {
  std::array<ngx_pid_t, WakeBoard::kSlots> pids{};
  const int n = seated_workers(pids.data());
  return {pids.begin(), pids.begin() + n};
}

// Names of stores, channels and errors are safe as they stand: letters, digits, . _ - /.
std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string json(const MainConf& conf) {
  std::string out = R"({"version":)" + quoted(WEIR_VERSION) + R"(,"workers":[)";
  std::string_view comma;
  for (const ngx_pid_t pid : worker_pids()) {
    out += std::string(comma) + R"({"pid":)" + std::to_string(pid) + '}';
    comma = ",";
  }
  out += R"(],"stores":{)";
  comma = "";
  for (const Store* store : conf.stores.all()) {
    out += std::string(comma) + quoted(store->name()) + ":{";
    std::string_view inner;
    for (const Metric& metric : metrics_of(*store)) {
      out += std::string(inner) + quoted(metric.name) + ':' + std::to_string(metric.value);
      inner = ",";
    }
    out += '}';
    comma = ",";
  }
  out += R"(},"titles":{)";
  comma = "";
  for (const Metric& metric : title_metrics(conf)) {
    out += std::string(comma) + quoted(metric.name) + ':' + std::to_string(metric.value);
    comma = ",";
  }
  const TokenNumbers tokens = token_numbers(conf);
  out += R"(},"channels":{},"tokens":{"verified":)" + std::to_string(tokens.verified) +
         R"(,"cached":)" + std::to_string(tokens.cached) + R"(,"refused":{)";
  comma = "";
  for (const TokenNumbers::Refused& refused : tokens.refused) {
    out += std::string(comma) + quoted(refused.reason) + ':' + std::to_string(refused.count);
    comma = ",";
  }
  out += "}},\"sessions\":0}\n";
  return out;
}

void family(std::string& out, std::string_view name, bool counter) {
  out += "# TYPE " + std::string(name) + (counter ? " counter\n" : " gauge\n");
}

std::string prometheus(const MainConf& conf) {
  std::string out;
  family(out, "weir_info", false);
  out += "weir_info{version=" + quoted(WEIR_VERSION) + "} 1\n";
  family(out, "weir_workers", false);
  out += "weir_workers " + std::to_string(worker_pids().size()) + "\n";

  // A family's lines stand together: per metric, then per store.
  std::vector<std::vector<Metric>> per_store;
  for (const Store* store : conf.stores.all()) per_store.push_back(metrics_of(*store));
  for (std::size_t m = 0; !per_store.empty() && m < per_store[0].size(); ++m) {
    const Metric& first = per_store[0][m];
    const std::string name =
        "weir_store_" + std::string(first.name) + (first.counter ? "_total" : "");
    family(out, name, first.counter);
    for (std::size_t s = 0; s < per_store.size(); ++s) {
      out += name + "{store=" + quoted(conf.stores.all()[s]->name()) + "} " +
             std::to_string(per_store[s][m].value) + "\n";
    }
  }
  for (const Metric& metric : title_metrics(conf)) {
    const std::string name = "weir_title_" + std::string(metric.name) + "_total";
    family(out, name, true);
    out += name + " " + std::to_string(metric.value) + "\n";
  }
  const TokenNumbers tokens = token_numbers(conf);
  family(out, "weir_tokens_verified_total", true);
  out += "weir_tokens_verified_total " + std::to_string(tokens.verified) + "\n";
  family(out, "weir_tokens_cached_total", true);
  out += "weir_tokens_cached_total " + std::to_string(tokens.cached) + "\n";
  family(out, "weir_tokens_refused_total", true);
  for (const TokenNumbers::Refused& refused : tokens.refused) {
    out += "weir_tokens_refused_total{reason=" + quoted(refused.reason) + "} " +
           std::to_string(refused.count) + "\n";
  }
  family(out, "weir_sessions", false);
  out += "weir_sessions 0\n";
  return out;
}

ngx_int_t send(ngx_http_request_t* r, std::string_view text, std::string_view type) {
  const ngx_str_t body = copy_ngx_str(r->pool, text);
  auto* b = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
  if (body.data == nullptr || b == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  prepare_output(r);
  r->headers_out.status = NGX_HTTP_OK;
  r->headers_out.content_length_n = static_cast<off_t>(body.len);
  r->headers_out.content_type = copy_ngx_str(r->pool, type);
  r->headers_out.content_type_len = r->headers_out.content_type.len;
  add_header(r, "Cache-Control", "no-store");
  const ngx_int_t rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
  b->pos = body.data;
  b->last = body.data + body.len;
  b->memory = 1;
  b->last_buf = 1;
  b->last_in_chain = 1;
  ngx_chain_t out = {b, nullptr};
  return ngx_http_output_filter(r, &out);
}

ngx_int_t serve(ngx_http_request_t* r) {
  if ((r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) == 0) {
    add_header(r, "Allow", "GET, HEAD");
    return send_problem(r, ErrorCode::kMethodNotAllowed, "only GET and HEAD here");
  }
  if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
  bool as_prometheus = location_conf(r)->status.prometheus;
  ngx_str_t name = ngx_string("format");
  ngx_str_t format;
  if (ngx_http_arg(r, name.data, name.len, &format) == NGX_OK) {
    if (as_view(format) != "json" && as_view(format) != "prometheus") {
      return send_problem(r, ErrorCode::kBadArgument, "format is json or prometheus");
    }
    as_prometheus = as_view(format) == "prometheus";
  }
  const MainConf& conf = *main_conf(r);
  return as_prometheus ? send(r, prometheus(conf), "text/plain; version=0.0.4; charset=utf-8")
                       : send(r, json(conf), "application/json");
}

ngx_int_t on_status(ngx_http_request_t* r) noexcept {
  return guard_request(r, "weir_status", serve);
}

// weir_status [format=json|prometheus];
char* set_status(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  if (cf->args->nelts == 2) {
    const ngx_str_t& format = static_cast<ngx_str_t*>(cf->args->elts)[1];
    if (as_view(format) != "format=json" && as_view(format) != "format=prometheus") {
      ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                         "weir_status \"%V\": must be format=json or format=prometheus", &format);
      return static_cast<char*>(NGX_CONF_ERROR);
    }
    static_cast<LocationConf*>(conf)->status.prometheus = as_view(format) == "format=prometheus";
  }
  auto* core = static_cast<ngx_http_core_loc_conf_t*>(
      ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
  core->handler = on_status;
  return NGX_CONF_OK;
}

const ngx_command_t directives[] = {
    {ngx_string("weir_status"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1, set_status,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
};

}  // namespace

std::span<const ngx_command_t> status_directives() noexcept {
  return directives;
}

}  // namespace weir::edge
