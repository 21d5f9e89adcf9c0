// A title, its loader, fetcher, schedule and store together, over edges that live in this process.

import { beforeEach, describe, expect, it } from 'vitest';
import { concatBytes, type Bytes } from '../../src/core/bytes';
import { kErrors, WeirError } from '../../src/core/errors';
import { kMaxConnections, kMaxPerEdge } from '../../src/core/fetch_schedule';
import { decodeHeader } from '../../src/core/header_file';
import { TitleLoader } from '../../src/core/title_loader';
import { TitleSource, type SourceReader } from '../../src/core/title_source';
import { FakeEdges, ManualClock, settle } from '../support/fake_edges';
import { makeTitle, sampleBytes, type MadeTitle, type TitleOptions } from '../support/make_title';

const kSource = sampleBytes(9 * (1 << 20) + 12_345);
const kHead: [number, number][] = [[0, 5_000], [kSource.length - 700, 700]];

let made: MadeTitle;
let edges: FakeEdges;
let clock: ManualClock;
let source: TitleSource;

async function open(options: TitleOptions = {}, urls?: string[]): Promise<void> {
  made = await makeTitle(kSource, { mediaHeader: kHead, ...options });
  edges = new FakeEdges([made], urls);
  clock = new ManualClock();
  const loader = new TitleLoader('film', edges.urls, 'secret', edges.fetch, clock);
  const { header } = await loader.header();
  const contentKey = await loader.contentKey(header);
  source = await TitleSource.open(decodeHeader(made.header), { edges: edges.urls, token: 'secret', contentKey }, edges.fetch, clock);
  edges.asked.length = 0;
  edges.aborted = 0;
}

async function take(reader: SourceReader, bytes: number): Promise<Bytes> {
  const parts: Bytes[] = [];
  for (let left = bytes; left > 0; ) {
    const chunk = await reader.next(left);
    if (!chunk) break;
    parts.push(chunk);
    left -= chunk.length;
  }
  return concatBytes(...parts);
}

/** Reads while time goes on. */
async function takeInTime(reader: SourceReader, bytes: number, ms = 60_000): Promise<Bytes> {
  let done: Bytes | undefined;
  void take(reader, bytes).then((b) => (done = b));
  for (let t = 0; t < ms && !done; t += 50) await clock.advance(50);
  if (!done) throw new Error(`nothing after ${ms} ms`);
  return done;
}

function expectBytes(got: Bytes, from: number): void {
  expect(Buffer.compare(got, kSource.subarray(from, from + got.length))).toBe(0);
}

describe.each(['all', 'partial', 'none'] as const)('protection %s', (policy) => {
  beforeEach(() => open({ policy }));

  it('gives the whole film', async () => {
    const got = await takeInTime(source.read(0), kSource.length + 10);
    expect(got.length).toBe(kSource.length);
    expectBytes(got, 0);
    expect(source.report().state).toBe('ok');
  });

  it.each([4_990, 5_000, 65_536, 1_053_576, 4_000_001, kSource.length - 701, kSource.length - 1])('reads from %i', async (at) => {
    const got = await takeInTime(source.read(at), 200_000);
    expect(got.length).toBe(Math.min(200_000, kSource.length - at));
    expectBytes(got, at);
  });

  it('the media header needs no request', async () => {
    expectBytes(await takeInTime(source.read(0), 5_000), 0);
    await settle();
    expect(edges.pieceRequests().every((a) => a.range !== null)).toBe(true);
  });

  it.each(['flips', 'empty', 'html', 'short', 'error-500', 'dead', 'frozen', 'expired'] as const)('one edge %s', async (fault) => {
    edges.set('http://edge1', fault);
    expectBytes(await takeInTime(source.read(1_000_000), 3_000_000), 1_000_000);
    const report = source.report();
    expect(report.state).toBe('ok');
    expect(report.failovers).toBeGreaterThan(0);
    const kinds = new Set(report.incidents.map((i) => i.kind));
    const expected = { flips: 'damaged', html: 'damaged', short: 'damaged', empty: 'missing', frozen: 'stalled', expired: 'refused', dead: 'failed', 'error-500': 'failed' };
    expect(kinds).toContain(expected[fault]);
    expect(report.incidents.every((i) => i.edge === 'http://edge1')).toBe(true);
  });

  it('an edge that ignores Range is of use', async () => {
    edges.set('http://edge1', 'ignores-range');
    edges.set('http://edge2', 'dead');
    expectBytes(await takeInTime(source.read(3_000_000), 500_000), 3_000_000);
  });
});

it.each(['http://edge1', 'http://edge2'])('an open piece in ranges of both edges: %s, which sent a wrong one, is found', async (bad) => {
  await open({ policy: 'none' });
  edges.set(bad, 'flips');
  expectBytes(await takeInTime(source.read(4_000_000), 60_000), 4_000_000);
  expect(new Set(edges.pieceRequests().map((a) => a.edge)).size).toBe(2);
  for (const edge of source.report().edges) expect(edge.damaged, edge.url).toBe(edge.url === bad ? 1 : 0);
});

describe('the schedule', () => {
  beforeEach(() => open());

  it('asks for two records first, then the rest in three ranges, and nothing ahead', async () => {
    const reader = source.read(1_048_576 + 5_000);
    const first = reader.next(1);
    await Promise.resolve();
    expect(edges.pieceRequests().map((a) => a.range)).toEqual([]);
    await settle();
    await first;
    const asked = edges.pieceRequests();
    expect(asked[0]!.range).toBe(`bytes=0-${2 * 65552 - 1}`);
    expect(asked.slice(1).map((a) => a.range)).toEqual([
      `bytes=${2 * 65552}-${7 * 65552 - 1}`,
      `bytes=${7 * 65552}-${12 * 65552 - 1}`,
      `bytes=${12 * 65552}-${16 * 65552 - 1}`,
    ]);
    expect(new Set(asked.map((a) => a.path)).size).toBe(1);
  });

  it('asks for whole pieces ahead once a megabyte was taken, four of them', async () => {
    const reader = source.read(5_000);
    await takeInTime(reader, 900_000);
    expect(new Set(edges.pieceRequests().map((a) => a.path)).size).toBe(1);
    await takeInTime(reader, 200_000);
    await clock.advance(100);
    const paths = edges.pieceRequests().map((a) => a.path);
    // One and a bit was read; four more are on their way or here.
    expect(new Set(paths)).toEqual(new Set(made.ids.slice(0, 6).map((id) => `/p/${id}`)));
    const ahead = edges.pieceRequests().filter((a) => a.path === `/p/${made.ids[3]}`);
    expect(ahead.map((a) => a.range)).toEqual([null]);
  });

  it('never has more than five connections, three to an edge', async () => {
    edges.chunkBytes = 4096;
    await takeInTime(source.read(0), kSource.length);
    expect(edges.peak).toBeLessThanOrEqual(kMaxConnections);
    expect(edges.peakPerEdge).toBeLessThanOrEqual(kMaxPerEdge);
    expect(edges.peak).toBeGreaterThan(2);
    const used = new Set(edges.pieceRequests().map((a) => a.edge));
    expect(used.size).toBe(2);
  });

  it('one edge alone gets three', async () => {
    await open({}, ['http://edge1']);
    edges.chunkBytes = 4096;
    await takeInTime(source.read(0), 4_000_000);
    expect(edges.peakPerEdge).toBe(kMaxPerEdge);
  });

  it('a reader that was cancelled keeps its fetches for three seconds', async () => {
    edges.set('http://edge1', 'frozen');
    edges.set('http://edge2', 'frozen');
    const reader = source.read(5_000);
    void reader.next(1);
    await settle();
    reader.cancel();
    await clock.advance(400);
    expect(edges.aborted).toBe(0);
    await clock.advance(20_000);
    expect(source.report().connections).toBe(0);
  });

  it('a seek far away gives them up at once', async () => {
    edges.set('http://edge1', 'frozen');
    edges.set('http://edge2', 'frozen');
    const reader = source.read(5_000);
    void reader.next(1);
    await settle();
    reader.cancel();
    void source.read(8 << 20).next(1);
    await settle();
    expect(edges.aborted).toBe(1);
  });

  it('reading on where another stopped needs no second proof', async () => {
    const reader = source.read(5_000);
    await takeInTime(reader, 1_200_000);
    reader.cancel();
    await clock.advance(200);
    edges.asked.length = 0;
    await takeInTime(source.read(1_205_000), 900_000);
    const pieces = new Set(edges.pieceRequests().map((a) => a.path));
    expect(pieces).toContain(`/p/${made.ids[6]}`);
  });
});

describe('when edges fail', () => {
  beforeEach(() => open());

  it('a frozen edge costs one timer, and all its jobs move at once', async () => {
    const reader = source.read(5_000);
    await takeInTime(reader, 3_000_000);
    edges.set('http://edge1', 'frozen');
    const before = clock.now();
    expectBytes(await takeInTime(source.read(8 << 20), 300_000), 8 << 20);
    expect(clock.now() - before).toBeLessThanOrEqual(700);
  });

  it('the first stall moves everything the edge is doing', async () => {
    const reader = source.read(5_000);
    await takeInTime(reader, 900_000);
    edges.set('http://edge1', 'frozen');
    edges.asked.length = 0;
    await takeInTime(reader, 300_000);
    await clock.advance(5_000);
    expect(edges.asked.filter((a) => a.edge === 'http://edge1').length).toBeGreaterThan(1);
    expect(source.report().edges[0]!.stalls).toBe(1);
  });

  it('a piece on its way ahead is waited for less patiently once a reader needs it', async () => {
    const reader = source.read(5_000);
    await takeInTime(reader, 1_500_000);
    edges.set('http://edge1', 'frozen');
    edges.set('http://edge2', 'frozen');
    await takeInTime(reader, 6 * (1 << 20) - 1_500_000);
    const begun = clock.now();
    const pending = reader.next(1);
    await clock.advance(100);
    edges.set('http://edge1', 'none');
    edges.set('http://edge2', 'none');
    await clock.advance(1_200);
    const got = await Promise.race([pending, clock.advance(0)]);
    expect(got, `not after ${clock.now() - begun} ms`).toBeInstanceOf(Uint8Array);
  });

  it('a shunned edge is probed after ten seconds and used again', async () => {
    edges.set('http://edge1', 'dead');
    const reader = source.read(5_000);
    await takeInTime(reader, 1_500_000);
    edges.set('http://edge1', 'none');
    edges.asked.length = 0;
    await takeInTime(reader, 500_000);
    expect(edges.asked.every((a) => a.edge === 'http://edge2')).toBe(true);
    await clock.advance(11_000);
    await takeInTime(reader, 2_000_000);
    expect(edges.asked.some((a) => a.edge === 'http://edge1')).toBe(true);
    expect(source.report().edges[0]!.state).toBe('good');
  });

  it('both gone: waits, says so, and goes on when one is back', async () => {
    edges.set('http://edge1', 'dead');
    edges.set('http://edge2', 'dead');
    const pending = source.read(2_000_000).next(100);
    await clock.advance(3_000);
    expect(source.report().state).toBe('reconnecting');
    edges.set('http://edge2', 'none');
    await clock.advance(6_000);
    expectBytes((await pending)!, 2_000_000);
    expect(source.report().state).toBe('ok');
  });

  it('wrong at both: says so, and asks again ever more slowly', async () => {
    edges.set('http://edge1', 'flips');
    edges.set('http://edge2', 'flips');
    const pending = source.read(2_000_000).next(100);
    await clock.advance(900);
    expect(source.report().state).toBe('damaged');
    const early = edges.pieceRequests().length;
    await clock.advance(30_000);
    expect(edges.pieceRequests().length - early).toBeLessThan(20);
    edges.set('http://edge1', 'none');
    await clock.advance(16_000);
    expectBytes((await pending)!, 2_000_000);
  });

  it('an expired token is told with its code, and a new one goes on', async () => {
    edges.set('http://edge1', 'expired');
    edges.set('http://edge2', 'expired');
    const pending = source.read(2_000_000).next(100);
    await clock.advance(1_000);
    expect(source.report()).toMatchObject({ state: 'refused', refusal: { status: 403, code: kErrors.tokenExpired } });
    edges.set('http://edge1', 'none');
    edges.set('http://edge2', 'none');
    source.renew('secret');
    await clock.advance(100);
    expectBytes((await pending)!, 2_000_000);
    expect(source.report().refusal).toBeUndefined();
  });

  it('with one edge only a hiccup does not cost ten seconds', async () => {
    await open({}, ['http://edge1']);
    edges.set('http://edge1', 'dead');
    const pending = source.read(2_000_000).next(100);
    await clock.advance(300);
    edges.set('http://edge1', 'none');
    await clock.advance(1_500);
    expectBytes((await pending)!, 2_000_000);
  });

  it('nothing it says holds the token', async () => {
    edges.set('http://edge1', 'flips');
    await takeInTime(source.read(0), 2_000_000);
    expect(JSON.stringify(source.report())).not.toContain('secret');
  });
});

describe('TitleLoader', () => {
  const load = (token: string, title = 'film'): Promise<unknown> => {
    const loader = new TitleLoader(title, edges.urls, token, edges.fetch, clock);
    return loader.header().then(({ header }) => loader.contentKey(header));
  };
  const codeOf = (p: Promise<unknown>): Promise<number> =>
    p.then(() => 0, (e: unknown) => (e instanceof WeirError ? e.code : -1));
  beforeEach(() => open());

  it('asks for 64 KiB first', async () => {
    await load('secret');
    expect(edges.asked[0]).toMatchObject({ path: '/t/film/header.enp', range: 'bytes=0-65535' });
    expect(edges.asked.length).toBe(2);
  });

  it('starts from the first pieces of a long film and gets the rest after', async () => {
    await open({ pieceBytes: 8192 });
    const loader = new TitleLoader('film', edges.urls, 'secret', edges.fetch, clock);
    const { header, rest } = await loader.header();
    expect(header.complete).toBe(false);
    const contentKey = await loader.contentKey(header);
    const s = await TitleSource.open(header, { edges: edges.urls, token: 'secret', contentKey }, edges.fetch, clock);
    expectBytes(await takeInTime(s.read(0), 400_000), 0);
    const late = s.read(8 << 20).next(1000);
    await clock.advance(100);
    s.complete(decodeHeader(await rest!()));
    await clock.advance(100);
    expectBytes((await late)!, 8 << 20);
  });

  it('takes what the second edge has when the first is dead or slow', async () => {
    for (const fault of ['dead', 'html', 'error-500', 'expired'] as const) {
      edges.set('http://edge1', fault);
      expect(await codeOf(load('secret'))).toBe(0);
    }
    edges.set('http://edge1', 'frozen');
    const slow = load('secret');
    await clock.advance(4_000);
    expect(await codeOf(slow)).toBe(0);
  });

  it('gives up in the end when nobody answers', async () => {
    edges.set('http://edge1', 'frozen');
    edges.set('http://edge2', 'frozen');
    const never = codeOf(load('secret'));
    await clock.advance(20_000);
    expect(await never).toBe(kErrors.originUnreachable);
  });

  it('says what is wrong', async () => {
    expect(await codeOf(load(''))).toBe(kErrors.tokenMissing);
    expect(await codeOf(load('old'))).toBe(kErrors.tokenExpired);
    expect(await codeOf(load('secret', 'other'))).toBe(kErrors.notFound);
    edges.set('http://edge1', 'dead');
    edges.set('http://edge2', 'dead');
    expect(await codeOf(load('secret'))).toBe(kErrors.originUnreachable);
    edges.set('http://edge2', 'expired');
    expect(await codeOf(load('secret'))).toBe(kErrors.tokenExpired);
  });

  it('refuses a key that is not the title\'s', async () => {
    const right = made.contentKey.slice();
    made.contentKey.fill(7);
    expect(await codeOf(load('secret'))).toBe(kErrors.keyWrong);
    made.contentKey.set(right);
    expect(await codeOf(load('secret'))).toBe(0);
  });
});
