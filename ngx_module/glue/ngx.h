// The only door to nginx's headers.
#pragma once

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>
// after the others, whose types it uses
#include <ngx_channel.h>
}
