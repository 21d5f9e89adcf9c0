// What the page and the service worker say to each other, over a MessagePort per question.

import type { StreamInfo } from '../core/header_core';
import type { SourceReport } from '../core/title_source';

/** Raised when a message changes: a page never relies on a prompt update of the worker. */
export const kProtocol = 1;

/** Path segment, under the worker's scope, of addresses that only the worker answers. */
export const kVirtualPath = 'v/';

export interface TitleRequest {
  title: string;
  token: string;
  edges: string[];
}

export interface TitleSummary {
  title: string;
  revision: string;
  name: string;
  mime: string;
  extension: string;
  bytes: number;
  durationUs: number;
  streams: StreamInfo[];
  hasHls: boolean;
}

export type Question =
  | { type: 'claim' }
  | ({ type: 'prepare'; protocol: number } & TitleRequest)
  | { type: 'status'; title: string; revision: string };

export interface Failure {
  code: number;
  detail: string;
}

export interface WorkerReport extends SourceReport {
  /** Differs after the browser stopped the worker and started it again. */
  instance: string;
  /** Bytes [first, end) by edge, in the order they came. */
  origins: [first: number, end: number, edge: number][];
}

export type Answer<T> = { ok: true; value: T } | { ok: false; error: Failure };
