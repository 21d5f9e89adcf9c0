import { describe, expect, it } from 'vitest';
import { troubleOf } from '../../src/browser/playback';
import { kErrors, WeirError } from '../../src/core/errors';
import { byteCount, clock, spokenTime } from '../../src/ui/format';
import { wordsFor } from '../../src/ui/words';

describe('words', () => {
  it.each(Object.entries(kErrors))('there are some for %s', (_, code) => {
    const trouble = troubleOf(new WeirError(code, 'detail for engineers'));
    const words = wordsFor(trouble, 'film');
    expect(words.heading).not.toBe('');
    expect(`${words.heading} ${words.text}`).not.toMatch(/undefined|engineers/);
    expect(trouble.fatal).toBe(true);
  });
  it('say which film is not there, and what the format is', () => {
    expect(wordsFor(troubleOf(new WeirError(kErrors.notFound, '')), 'holiday').text).toContain('“holiday”');
    const format = { kind: 'format', code: 400, detail: 'mkv (hevc, opus): DEMUXER_ERROR', fatal: true } as const;
    expect(wordsFor(format, 'x').text).toMatch(/^The film is mkv \(hevc, opus\)\./);
    expect(wordsFor(format, 'x').otherPlayer).toBe(true);
  });
  it('offer to try again only where that may help', () => {
    const retry = (code: number): boolean => wordsFor(troubleOf(new WeirError(code, '')), 'x').retry;
    expect([kErrors.originUnreachable, kErrors.pieceCorrupt, kErrors.notFound].map(retry)).toEqual([true, true, true]);
    expect([kErrors.tokenExpired, kErrors.tokenWrongTitle, kErrors.tokenMissing].map(retry)).toEqual([false, false, false]);
  });
  it('an error that is none of ours is still said', () => {
    expect(wordsFor(troubleOf(new TypeError('x')), 'film').heading).toBe('The player failed');
  });
});

describe('numbers as people read them', () => {
  it('times', () => {
    expect([0, 61, 3600, 36061.9, NaN, -1].map(clock)).toEqual(['0:00', '1:01', '1:00:00', '10:01:01', '–:––', '–:––']);
    expect([0, 1, 62, 3723].map(spokenTime)).toEqual(['0 seconds', '1 second', '1 minute 2 seconds', '1 hour 2 minutes 3 seconds']);
  });
  it('bytes', () => {
    expect([7, 2048, 5 << 20, 3 * 2 ** 30].map(byteCount)).toEqual(['7 B', '2 KiB', '5.0 MiB', '3.00 GiB']);
  });
});
