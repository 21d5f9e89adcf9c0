// What a page may know of a header file.

import type { HeaderFile } from '../core/header_file';
import type { TitleSummary } from './messages';

export function summary(header: HeaderFile): TitleSummary {
  const { info } = header;
  return {
    title: info.title,
    revision: info.revision,
    name: info.name,
    mime: info.mime,
    extension: info.extension,
    bytes: info.sourceBytes,
    durationUs: info.durationUs,
    streams: info.streams,
    hasHls: info.renditions.some((r) => r.kind === 'ts'),
  };
}
