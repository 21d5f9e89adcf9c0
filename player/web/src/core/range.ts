// The Range request header of a media element (RFC 9110 section 14): one range, or none that is usable.

export interface AskedRange {
  /** First and last byte, inclusive. */
  first: number;
  last: number;
}

/** `whole` when there is no usable range; `unsatisfiable` when it starts past the end. */
export function parseRange(value: string | null, size: number): AskedRange | 'whole' | 'unsatisfiable' {
  const m = /^bytes=(\d*)-(\d*)$/.exec(value?.trim() ?? '');
  if (!m || (m[1] === '' && m[2] === '')) return 'whole';
  if (m[1] === '') {
    const tail = Number(m[2]);
    return tail === 0 ? 'unsatisfiable' : { first: Math.max(0, size - tail), last: size - 1 };
  }
  const first = Number(m[1]);
  const last = m[2] === '' ? Infinity : Number(m[2]);
  if (last < first) return 'whole';
  return first >= size ? 'unsatisfiable' : { first, last: Math.min(last, size - 1) };
}
