#include "ngx_module/store/wait_hub.h"

#include <cstdint>

#include "ngx_module/glue/wake.h"

namespace weir::edge {

namespace {

Waiter* waiter_of(ngx_queue_t* link) noexcept {
  return ngx_queue_data(link, Waiter, link);
}

void move_to(ngx_queue_t* queue, Waiter& waiter) noexcept {
  ngx_queue_remove(&waiter.link);
  ngx_queue_insert_tail(queue, &waiter.link);
}

bool changed(const Waiter& w) noexcept {
  const ObjectEntry& e = *w.entry;
  return e.fill.pos.load(std::memory_order_acquire) != w.seen_pos ||
         e.state.load(std::memory_order_acquire) != w.seen_state ||
         e.serial.load(std::memory_order_acquire) != w.seen_serial;
}

}  // namespace

WaitHub::WaitHub() {
  for (ngx_queue_t& queue : buckets_) {
    ngx_queue_init(&queue);
  }
  ngx_queue_init(&due_);
  ngx_memzero(&due_event_, sizeof(due_event_));
  due_event_.handler = on_due;
  due_event_.data = this;
  due_event_.log = ngx_cycle->log;
}

ngx_queue_t* WaitHub::bucket(const ObjectEntry* entry) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(entry);
  return &buckets_[(address >> 6 ^ address >> 14) & 255];
}

void WaitHub::park(Waiter& waiter) {
  if (waiter.parked) unpark(waiter);
  ngx_memzero(&waiter.timer, sizeof(waiter.timer));
  ngx_memzero(&waiter.dummy, sizeof(waiter.dummy));
  waiter.dummy.fd = -1;
  waiter.dummy.data = &waiter;
  waiter.timer.handler = on_timer;
  waiter.timer.data = &waiter.dummy;
  waiter.timer.log = ngx_cycle->log;
  constexpr ngx_msec_t kUnwakeableMs = 20;
  ngx_add_timer(&waiter.timer, WakeBoard::own_slot() == -1 ? kUnwakeableMs : kLookAgainMs);
  ngx_queue_insert_tail(bucket(waiter.entry), &waiter.link);
  waiter.parked = true;
}

void WaitHub::unpark(Waiter& waiter) noexcept {
  if (!waiter.parked) return;
  waiter.parked = false;
  ngx_queue_remove(&waiter.link);
  if (waiter.timer.timer_set) {
    ngx_del_timer(&waiter.timer);
  }
}

void WaitHub::touched(const ObjectEntry* entry) noexcept {
  ngx_queue_t* queue = bucket(entry);
  for (ngx_queue_t* link = ngx_queue_head(queue); link != ngx_queue_sentinel(queue);) {
    Waiter* waiter = waiter_of(link);
    link = ngx_queue_next(link);
    if (waiter->entry == entry) move_to(&due_, *waiter);
  }
  if (!ngx_queue_empty(&due_)) {
    // The next turn, not this one: a fill and its reader in one worker must not starve the others.
    ngx_post_event(&due_event_, &ngx_posted_next_events);
  }
}

void WaitHub::look_around() noexcept {
  for (ngx_queue_t& queue : buckets_) {
    for (ngx_queue_t* link = ngx_queue_head(&queue); link != ngx_queue_sentinel(&queue);) {
      Waiter* waiter = waiter_of(link);
      link = ngx_queue_next(link);
      if (changed(*waiter)) move_to(&due_, *waiter);
    }
  }
  fire_due();
}

void WaitHub::owner_died(int slot) noexcept {
  for (ngx_queue_t& queue : buckets_) {
    for (ngx_queue_t* link = ngx_queue_head(&queue); link != ngx_queue_sentinel(&queue);) {
      Waiter* waiter = waiter_of(link);
      link = ngx_queue_next(link);
      if (waiter->entry->fill.owner.load() == slot) move_to(&due_, *waiter);
    }
  }
  fire_due();
}

void WaitHub::fire_due() noexcept {
  // Those who are due now; who becomes due meanwhile has its turn later.
  ngx_queue_t now;
  ngx_queue_init(&now);
  if (ngx_queue_empty(&due_)) return;
  ngx_queue_add(&now, &due_);
  ngx_queue_init(&due_);
  while (!ngx_queue_empty(&now)) {
    Waiter* waiter = waiter_of(ngx_queue_head(&now));
    unpark(*waiter);
    ngx_connection_t* c = waiter->r->connection;
    ngx_http_set_log_request(c->log, waiter->r);
    waiter->fire(waiter->owner);
    ngx_http_run_posted_requests(c);
  }
}

void WaitHub::on_due(ngx_event_t* ev) noexcept {
  static_cast<WaitHub*>(ev->data)->fire_due();
}

void WaitHub::on_timer(ngx_event_t* ev) noexcept {
  auto* waiter = static_cast<Waiter*>(static_cast<ngx_connection_t*>(ev->data)->data);
  waiter->parked = false;
  ngx_queue_remove(&waiter->link);
  ngx_connection_t* c = waiter->r->connection;
  ngx_http_set_log_request(c->log, waiter->r);
  waiter->fire(waiter->owner);
  ngx_http_run_posted_requests(c);
}

}  // namespace weir::edge
