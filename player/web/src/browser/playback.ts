// Plays one title in one video element: chooses the carrier (service worker, else the edge's virtual file), watches
// over it, and tells in a Trouble what a viewer should know. Emits 'change'. Belongs to the page's thread.

import { isTokenError, kErrors, WeirError } from '../core/errors';
import { systemClock } from '../core/clock';
import { TitleLoader } from '../core/title_loader';
import { kProtocol, type TitleRequest, type TitleSummary, type WorkerReport } from './messages';
import { summary } from './title_summary';
import { WorkerLink } from './worker_link';

export type TroubleKind =
  | 'no-token'
  | 'token-expired'
  | 'token-refused'
  | 'no-title'
  | 'unreachable'
  | 'format'
  | 'no-picture'
  | 'damaged'
  | 'key'
  | 'header'
  | 'reconnecting'
  | 'internal';

export interface Trouble {
  kind: TroubleKind;
  code: number;
  detail: string;
  /** Playing has ended, or never began; otherwise it goes on by itself. */
  fatal: boolean;
}

export type Carrier = 'worker' | 'virtual-file';

const kStatusMs = 1_000;
const kPingMs = 15_000;
/** Preparing may bring megabytes of header over a slow line; the worker gives up sooner when nothing comes. */
const kPrepareMs = 120_000;
const kMaxResrc = 3;
/** An edge that leaves the virtual file hungry for this long is given up; Chromium itself would try for half a minute. */
const kFileStallMs = 4_000;

export class Playback extends EventTarget {
  trouble: Trouble | undefined;
  title: TitleSummary | undefined;
  carrier: Carrier | undefined;
  report: WorkerReport | undefined;
  /** Milliseconds from start() to the first frame. */
  firstFrameMs: number | undefined;
  private link: WorkerLink | undefined;
  private url = '';
  private resrcs = 0;
  private fileEdge = 0;
  private fileErrors = 0;
  private hungrySince: number | undefined;
  private startedAt = 0;
  private lastAsked = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private stopped = false;
  /** Paused by us, not by the viewer: no token. */
  private heldBack = false;
  private readonly listeners = new AbortController();

  constructor(
    readonly video: HTMLVideoElement,
    private request: TitleRequest,
    private readonly workerUrl: string,
  ) {
    super();
    const on = (type: string, fn: () => void): void =>
      video.addEventListener(type, fn, { signal: this.listeners.signal });
    on('error', () => void this.onError());
    on('loadeddata', () => this.onFirstFrame());
    on('loadedmetadata', () => this.checkPicture());
    on('playing', () => {
      this.resrcs = 0;
      this.fileErrors = 0;
    });
    for (const type of ['waiting', 'seeking', 'stalled']) on(type, () => void this.poll());
  }

  async start(): Promise<void> {
    this.startedAt = performance.now();
    try {
      this.link = await WorkerLink.connect(this.workerUrl);
      if (this.stopped) return;
      if (this.link) await this.startWithWorker(this.link);
      else await this.startWithVirtualFile();
    } catch (e) {
      this.fail(e);
      return;
    }
    if (this.stopped) return;
    this.watch();
    this.changed();
  }

  private watch(): void {
    clearInterval(this.timer);
    this.timer = setInterval(() => void this.tick(), kStatusMs);
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.listeners.abort();
    this.video.removeAttribute('src');
    this.video.load();
  }

  /**
   * Goes on with another token, or from other edges, without a break where the worker plays: what is buffered stays.
   * False when it has to begin anew.
   */
  async renew(request: TitleRequest): Promise<boolean> {
    if (!this.link || this.carrier !== 'worker' || !this.title || request.title !== this.request.title) return false;
    this.request = request;
    try {
      const title = await this.link.ask<TitleSummary>({ type: 'prepare', protocol: kProtocol, ...request }, kPrepareMs);
      if (title.revision !== this.title.revision || this.video.error) return false;
    } catch (e) {
      this.fail(e);
      return true;
    }
    this.trouble = undefined;
    this.watch();
    if (this.heldBack) this.video.play().catch(() => undefined);
    this.heldBack = false;
    this.changed();
    return true;
  }

  /** Address of the whole film for another player. Holds the token. */
  fileAddress(edge = 0): string | undefined {
    const base = this.request.edges[edge];
    if (!base || !this.title) return undefined;
    const { token, title } = this.request;
    return `${base}${token === '' ? '' : `/~${token}`}/t/${title}/file.${this.title.extension}`;
  }

  private async startWithWorker(link: WorkerLink): Promise<void> {
    this.title = await link.ask<TitleSummary>({ type: 'prepare', protocol: kProtocol, ...this.request }, kPrepareMs);
    if (this.stopped) return;
    this.carrier = 'worker';
    this.url = `${link.scope}v/${this.title.title}/${this.title.revision}`;
    this.setSource(0);
  }

  /** Another path than the worker's: one address must not be answered from two places. */
  private async startWithVirtualFile(): Promise<void> {
    const { title, token, edges } = this.request;
    const loader = new TitleLoader(title, edges, token, (url, init) => fetch(url, init), systemClock);
    this.title ??= summary((await loader.header()).header);
    await loader.probe(`file.${this.title.extension}`);
    if (this.stopped) return;
    this.carrier = 'virtual-file';
    this.url = this.fileAddress(this.fileEdge)!;
    this.setSource(this.video.currentTime);
  }

  private setSource(at: number): void {
    const wasPlaying = !this.video.paused;
    this.video.src = this.url;
    if (at > 0) this.video.currentTime = at;
    if (wasPlaying) this.video.play().catch(() => undefined);
  }

  private onFirstFrame(): void {
    this.firstFrameMs ??= performance.now() - this.startedAt;
    if (this.trouble && !this.trouble.fatal) this.trouble = undefined;
    this.changed();
  }

  /** A sound track alone plays without an error when the browser knows no decoder for the picture. */
  private checkPicture(): void {
    const expects = this.title?.streams.some((s) => s.type === 'video' && !/^(mjpeg|png|bmp|gif)$/.test(s.codec));
    if (!expects || this.video.videoWidth > 0) return;
    this.trouble = { kind: 'no-picture', code: 0, detail: this.formatName(), fatal: false };
    this.changed();
  }

  private async onError(): Promise<void> {
    const error = this.video.error;
    if (!error || this.stopped || this.trouble?.fatal) return;
    const at = this.video.currentTime;
    if (this.carrier === 'virtual-file') return this.onVirtualFileError(error, at);
    await this.poll();
    if (this.trouble?.fatal) return;
    if (isFormatError(error, this.resrcs > 0)) return this.failFormat(error);
    if (this.resrcs++ < kMaxResrc) {
      // The worker may have lost the title with its memory and its database.
      await this.link?.ask({ type: 'prepare', protocol: kProtocol, ...this.request }).catch(() => undefined);
      if (!this.stopped) this.setSource(at);
      return;
    }
    try {
      await this.startWithVirtualFile();
    } catch (e) {
      this.fail(e);
    }
  }

  private onVirtualFileError(error: MediaError, at: number): void {
    if (isFormatError(error, this.fileErrors > 0)) return this.failFormat(error);
    if (++this.fileErrors >= 2 * this.request.edges.length)
      return this.fail(new WeirError(kErrors.originUnreachable, 'no edge sends the film'));
    this.nextFileEdge(at);
  }

  private nextFileEdge(at: number): void {
    this.fileEdge = (this.fileEdge + 1) % this.request.edges.length;
    this.url = this.fileAddress(this.fileEdge)!;
    this.setSource(at);
  }

  private watchVirtualFile(): void {
    const hungry = this.video.readyState < 3 && !this.video.error;
    if (!hungry) {
      this.hungrySince = undefined;
      if (this.trouble?.kind === 'reconnecting') this.trouble = undefined;
    } else if (performance.now() - (this.hungrySince ??= performance.now()) > kFileStallMs) {
      this.hungrySince = undefined;
      this.trouble = { kind: 'reconnecting', code: 0, detail: '', fatal: false };
      this.nextFileEdge(this.video.currentTime);
    }
    this.changed();
  }

  private failFormat(error: MediaError): void {
    this.setTrouble({ kind: 'format', code: kErrors.formatIncorrect, detail: this.formatName(error), fatal: true });
  }

  private formatName(error?: MediaError): string {
    const streams = this.title?.streams.filter((s) => s.type === 'video' || s.type === 'audio').map((s) => s.codec);
    const name = `${this.title?.extension ?? ''} (${streams?.join(', ') ?? ''})`;
    return error?.message ? `${name}: ${error.message}` : name;
  }

  /** Once a second while something moves, else often enough to keep the worker alive. */
  private async tick(): Promise<void> {
    if (this.carrier === 'virtual-file') return this.watchVirtualFile();
    const moving = !this.video.paused || this.video.seeking || this.video.readyState < 3;
    if (moving || performance.now() - this.lastAsked >= kPingMs) await this.poll();
  }

  private async poll(): Promise<void> {
    if (this.carrier !== 'worker' || !this.title || !this.link) return;
    this.lastAsked = performance.now();
    try {
      const { title, revision } = this.title;
      this.report = await this.link.ask<WorkerReport>({ type: 'status', title, revision }, 5_000);
    } catch {
      return; // being restarted: the next one will tell
    }
    if (!this.stopped) this.judge(this.report);
  }

  private judge(report: WorkerReport): void {
    const hungry = this.video.readyState < 3 || this.video.seeking;
    if (report.state === 'ok') {
      if (this.trouble && !this.trouble.fatal && this.trouble.kind !== 'no-picture') this.trouble = undefined;
    } else if (report.state === 'refused' && report.refusal) {
      // What is buffered may still be watched to its end.
      const { code, detail } = report.refusal;
      this.trouble = { ...troubleOf(new WeirError(code, detail)), fatal: hungry };
      if (hungry && !this.video.paused) {
        this.heldBack = true;
        this.video.pause();
      }
    } else if (report.state === 'damaged' || report.state === 'missing') {
      const code = report.state === 'damaged' ? kErrors.pieceCorrupt : kErrors.pieceMissing;
      this.trouble = { kind: 'damaged', code, detail: '', fatal: false };
    } else if (hungry) {
      this.trouble = { kind: 'reconnecting', code: 0, detail: '', fatal: false };
    }
    this.changed();
  }

  private fail(e: unknown): void {
    if (!this.stopped) this.setTrouble(troubleOf(e));
  }

  private setTrouble(trouble: Trouble): void {
    this.trouble = trouble;
    clearInterval(this.timer);
    this.changed();
  }

  private changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}

/** What no retry mends. Chromium and Firefox say so in the message; a bare code 4 may be a network failure. */
function isFormatError(error: MediaError, retried: boolean): boolean {
  if (error.code === MediaError.MEDIA_ERR_DECODE) return retried;
  return /DEMUXER|DECODER|METADATA_ERR|no supported|unsupported/i.test(error.message);
}

export function troubleOf(e: unknown): Trouble {
  if (!(e instanceof WeirError)) return { kind: 'internal', code: kErrors.internal, detail: '', fatal: true };
  const { code, message: detail } = e;
  return { kind: kindOf(code), code, detail, fatal: true };
}

function kindOf(code: number): TroubleKind {
  if (code === kErrors.tokenMissing) return 'no-token';
  if (code === kErrors.tokenExpired) return 'token-expired';
  if (isTokenError(code)) return 'token-refused';
  if (code === kErrors.notFound || code === kErrors.badPath) return 'no-title';
  if (code === kErrors.pieceMissing || code === kErrors.pieceCorrupt) return 'damaged';
  if (code >= kErrors.keyMissing && code <= kErrors.keyMalformed) return 'key';
  if (code >= 100 && code < 120) return 'header';
  if (code >= 300 && code < 400) return 'unreachable';
  return 'internal';
}
