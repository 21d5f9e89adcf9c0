// Drives the watch page in a frame, without any debugger, and posts what it saw. The orders are in the fragment:
// {watch, plain?, seeks[], idleMs?, collector}.

const orders = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const frame = document.querySelector('iframe');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)); // for until, to poll, and for the idle time that is tested

async function until(test, ms = 30_000) {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(10)) { // poll
    const value = test();
    if (value) return value;
  }
  throw new Error(`not within ${ms} ms: ${test}`);
}

async function firstFrame(video, begun) {
  await until(() => video.readyState >= 2 || video.error);
  if (video.error) throw new Error(video.error.message);
  return performance.now() - begun;
}

async function seeks(video, times) {
  const out = [];
  for (const time of times) {
    const begun = performance.now();
    const seeked = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
    video.currentTime = time;
    await seeked;
    out.push(performance.now() - begun);
  }
  return out;
}

async function visit() {
  const begun = performance.now();
  frame.src = 'about:blank';
  await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
  frame.src = orders.watch;
  const player = await until(() => frame.contentDocument?.querySelector('weir-player')?.current && frame.contentDocument.querySelector('weir-player'));
  await firstFrame(player.video, begun);
  const sinceStart = await until(() => player.current.firstFrameMs);
  return { player, pageMs: performance.now() - begun, firstFrameMs: sinceStart };
}

async function plain(url) {
  const video = document.createElement('video');
  video.preload = 'auto';
  document.body.append(video);
  const begun = performance.now();
  video.src = url;
  const firstFrameMs = await firstFrame(video, begun);
  const out = { firstFrameMs, seekMs: await seeks(video, orders.seeks) };
  video.remove();
  return out;
}

async function drive() {
  const report = {};
  if (orders.plain) report.plain = await plain(orders.plain);
  const first = await visit();
  report.firstVisit = { firstFrameMs: first.firstFrameMs, pageMs: first.pageMs, carrier: first.player.current.carrier };
  report.seekMs = await seeks(first.player.video, orders.seeks);
  report.again = await seeks(first.player.video, orders.seeks);
  if (orders.idleMs) {
    const before = await until(() => first.player.report?.instance);
    // What keeps the worker alive is the page; without it the browser may stop the worker.
    frame.src = 'about:blank';
    await sleep(orders.idleMs); // pace
    const back = await visit();
    report.idle = { before, firstFrameMs: back.firstFrameMs };
    await back.player.video.play();
    await until(() => back.player.video.currentTime > 1 && back.player.report);
    report.idle.after = back.player.report.instance;
  } else {
    const second = await visit();
    report.secondVisit = { firstFrameMs: second.firstFrameMs, pageMs: second.pageMs };
  }
  return report;
}

const answer = await drive().catch((e) => ({ error: String(e) }));
await fetch(orders.collector, { method: 'POST', body: JSON.stringify(answer) });
