import { beforeEach, describe, expect, it } from 'vitest';
import { answerRange, kPartBytes } from '../../src/browser/virtual_file';
import { systemClock } from '../../src/core/clock';
import { decodeHeader } from '../../src/core/header_file';
import { importContentKey } from '../../src/core/piece_cipher';
import { TitleSource } from '../../src/core/title_source';
import { FakeEdges } from '../support/fake_edges';
import { makeTitle, sampleBytes } from '../support/make_title';

const kSource = sampleBytes(8 * (1 << 20));
const kTotal = kSource.length;
let source: TitleSource;
let edges: FakeEdges;

beforeEach(async () => {
  const made = await makeTitle(kSource, { mediaHeader: [[0, 1000]] });
  edges = new FakeEdges([made]);
  const contentKey = await importContentKey(made.contentKey);
  const access = { edges: edges.urls, token: 'secret', contentKey };
  source = await TitleSource.open(decodeHeader(made.header), access, edges.fetch, systemClock);
});

async function body(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

describe('answerRange', () => {
  it.each([
    ['bytes=0-1', 0, 1],
    ['bytes=0-', 0, kPartBytes - 1],
    [null, 0, kPartBytes - 1],
    ['bytes=1000000-', 1_000_000, 1_000_000 + kPartBytes - 1],
    ['bytes=7000000-', 7_000_000, kTotal - 1],
    ['bytes=-100', kTotal - 100, kTotal - 1],
    ['bytes=5-99999999999', 5, 5 + kPartBytes - 1],
  ])('%s: 206 with an exact range, bounded', async (range, first, last) => {
    const response = answerRange(range, source);
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/${kTotal}`);
    expect(response.headers.get('content-length')).toBe(String(last - first + 1));
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(Buffer.compare(await body(response), kSource.subarray(first, last + 1))).toBe(0);
  });

  it.each([`bytes=${kTotal}-`, 'bytes=99999999999-', 'bytes=-0'])('%s: 416 that tells the size', (range) => {
    const response = answerRange(range, source);
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${kTotal}`);
  });

  it('HEAD has the headers and no body', async () => {
    const response = answerRange('bytes=0-99', source, 'HEAD');
    expect(response.headers.get('content-length')).toBe('100');
    expect((await body(response)).length).toBe(0);
    expect(edges.asked).toEqual([]);
  });

  it('fetches nothing that nobody pulls', async () => {
    answerRange('bytes=2000000-', source);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(edges.asked).toEqual([]);
  });

  it('a cancelled answer begins nothing ahead', async () => {
    const reader = answerRange('bytes=2000000-', source).body!.getReader();
    expect((await reader.read()).value?.length).toBeGreaterThan(0);
    await reader.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(new Set(edges.asked.map((a) => a.path)).size).toBe(1);
  });
});
