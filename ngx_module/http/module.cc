#include "ngx_module/glue/ngx.h"

namespace {

ngx_http_module_t module_context = {
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
};

}  // namespace

extern "C" {

__attribute__((visibility("default"))) ngx_module_t ngx_http_weir_module = {
    NGX_MODULE_V1, &module_context, nullptr, NGX_HTTP_MODULE, nullptr, nullptr,
    nullptr,       nullptr,         nullptr, nullptr,         nullptr, NGX_MODULE_V1_PADDING,
};

// What nginx looks up in a dynamic module.
__attribute__((visibility("default")))
ngx_module_t* ngx_modules[] = {&ngx_http_weir_module, nullptr};
__attribute__((visibility("default"))) char* ngx_module_names[] = {
    const_cast<char*>("ngx_http_weir_module"), nullptr};
__attribute__((visibility("default"))) char* ngx_module_order[] = {nullptr};
}
