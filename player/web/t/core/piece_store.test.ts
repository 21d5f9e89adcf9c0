import { expect, it } from 'vitest';
import { PieceStore } from '../../src/core/piece_store';

const kilo = (): Uint8Array<ArrayBuffer> => new Uint8Array(1024);

it('the records used longest ago go first', () => {
  const store = new PieceStore(4 * 1024);
  for (let i = 0; i < 4; i++) store.put(0, i, kilo());
  store.get(0, 0);
  store.put(7, 1023, kilo());
  expect([0, 1, 2, 3].map((r) => store.has(0, r))).toEqual([true, false, true, true]);
  expect(store.has(7, 1023)).toBe(true);
  expect(store.usedBytes).toBe(4 * 1024);
});

it('a record put again counts once', () => {
  const store = new PieceStore(4 * 1024);
  store.put(1, 1, kilo());
  store.put(1, 1, kilo());
  expect(store.usedBytes).toBe(1024);
  expect(store.count(1)).toBe(1);
});

it('one record larger than the store is kept all the same: somebody waits for it', () => {
  const store = new PieceStore(100);
  store.put(0, 0, kilo());
  expect(store.has(0, 0)).toBe(true);
  store.put(0, 1, kilo());
  expect(store.has(0, 0)).toBe(false);
});

it('tells runs and pieces', () => {
  const store = new PieceStore();
  for (const r of [0, 1, 4, 5, 6]) store.put(3, r, kilo());
  expect(store.runs(3, 8)).toEqual([[0, 2], [4, 7]]);
  expect([...store.pieces()]).toEqual([3]);
  expect(store.count(3)).toBe(5);
});
