// Numbers as people read them.

export function clock(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–:––';
  const s = Math.floor(seconds);
  const mm = Math.floor(s / 60) % 60;
  const ss = String(s % 60).padStart(2, '0');
  const h = Math.floor(s / 3600);
  return h > 0 ? `${h}:${String(mm).padStart(2, '0')}:${ss}` : `${mm}:${ss}`;
}

/** For screen readers: "1 hour 2 minutes 3 seconds". */
export function spokenTime(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const part = (n: number, unit: string): string[] => (n > 0 ? [`${n} ${unit}${n === 1 ? '' : 's'}`] : []);
  const parts = [
    ...part(Math.floor(s / 3600), 'hour'),
    ...part(Math.floor(s / 60) % 60, 'minute'),
    ...part(s % 60, 'second'),
  ];
  return parts.join(' ') || '0 seconds';
}

export function byteCount(bytes: number): string {
  if (bytes < 1 << 10) return `${bytes} B`;
  if (bytes < 1 << 20) return `${(bytes / (1 << 10)).toFixed(0)} KiB`;
  if (bytes < 1 << 30) return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
  return `${(bytes / (1 << 30)).toFixed(2)} GiB`;
}

/** Host and port: an edge's name as a viewer may see it. */
export function edgeName(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
