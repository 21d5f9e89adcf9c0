// The answer to a media element's request for a title: always 206 with an exact Content-Range (416 past the end),
// bounded, so that no answer stays open for minutes, and pulled record by record, so that the element's back-pressure
// reaches the network.

import { parseRange } from '../core/range';
import type { TitleSource } from '../core/title_source';

/** The element asks on by itself 25 ms after each part; at 4 to 8 MiB that costs nothing. */
export const kPartBytes = 6 << 20;
/** Handed out at a time: up to four records. */
const kPullBytes = 256 << 10;

export function answerRange(rangeHeader: string | null, source: TitleSource, method = 'GET'): Response {
  const total = source.size;
  const asked = parseRange(rangeHeader, total);
  const common = {
    'Content-Type': source.info.mime,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-store',
    ETag: `"${source.info.revision}"`,
    'X-Content-Type-Options': 'nosniff',
  };
  if (asked === 'unsatisfiable')
    return new Response(null, { status: 416, headers: { ...common, 'Content-Range': `bytes */${total}` } });
  const first = asked === 'whole' ? 0 : asked.first;
  const last = Math.min(asked === 'whole' ? total - 1 : asked.last, first + kPartBytes - 1);
  return new Response(method === 'HEAD' ? null : bodyOf(source, first, last), {
    status: 206,
    headers: {
      ...common,
      'Content-Range': `bytes ${first}-${last}/${total}`,
      'Content-Length': String(last - first + 1),
    },
  });
}

function bodyOf(source: TitleSource, first: number, last: number): ReadableStream<Uint8Array> {
  const reader = source.read(first);
  let left = last - first + 1;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await reader.next(Math.min(left, kPullBytes));
          if (!chunk) {
            // The source was closed under it: the element asks again from where it is.
            controller.error(new Error('closed'));
            return;
          }
          // A copy: what is handed out may be taken away, the store keeps its own.
          controller.enqueue(chunk.slice());
          left -= chunk.length;
          if (left > 0) return;
          reader.cancel();
          controller.close();
        } catch (e) {
          reader.cancel();
          controller.error(e);
        }
      },
      cancel() {
        reader.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}
