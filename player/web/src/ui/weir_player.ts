// <weir-player title-id="…" token="…" edges="http://a,http://b">: plays one title. Attributes are read when it is put
// into a page and whenever one of them changes. Fires 'weir-change' when its state, report or trouble changed.

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { TitleRequest, WorkerReport } from '../browser/messages';
import { Playback, type Trouble } from '../browser/playback';
import { byteCount, clock, edgeName } from './format';
import { kIcons } from './icons';
import { kPlayerStyles } from './player_styles';
import './seek_bar';
import type { Span } from './seek_bar';
import { wordsFor } from './words';

const kIdleMs = 3_000;
const kVolumeKey = 'weir-volume';

export class WeirPlayer extends LitElement {
  static override styles = kPlayerStyles;
  static override properties = {
    titleId: { attribute: 'title-id' },
    token: {},
    edges: {},
    worker: {},
    autoplay: { type: Boolean },
    tick: { state: true },
  };
  declare titleId: string;
  declare token: string;
  /** Comma-separated base addresses; empty: where the page came from. */
  declare edges: string;
  /** Address of the service worker's script; the page must lie in its folder. */
  declare worker: string;
  declare autoplay: boolean;
  declare private tick: number;
  private playback: Playback | undefined;
  /** A finger's first touch only brings the controls back. */
  private touchWoke = false;
  private idleTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly onFullscreen = (): void => this.requestUpdate();

  constructor() {
    super();
    this.titleId = '';
    this.token = '';
    this.edges = '';
    this.worker = '/watch/sw.js';
    this.autoplay = false;
    this.tick = 0;
    this.addEventListener('keydown', (e) => this.handleKey(e));
    this.addEventListener('pointerdown', (e) => (this.touchWoke = e.pointerType === 'touch' && this.hasAttribute('idle')));
    for (const type of ['pointermove', 'pointerdown', 'focusin', 'keydown']) this.addEventListener(type, () => this.wake());
  }

  get video(): HTMLVideoElement | null {
    return this.renderRoot?.querySelector('video') ?? null;
  }
  get trouble(): Trouble | undefined {
    return this.playback?.trouble;
  }
  get report(): WorkerReport | undefined {
    return this.playback?.report;
  }
  get current(): Playback | undefined {
    return this.playback;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
    this.setAttribute('role', 'region');
    this.setAttribute('aria-label', 'Video player');
    document.addEventListener('fullscreenchange', this.onFullscreen);
    if (this.hasUpdated) this.restart();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('fullscreenchange', this.onFullscreen);
    this.playback?.stop();
    this.playback = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('titleId') || changed.has('worker')) this.restart();
    // The same film with another token or from other edges: where it was.
    else if (changed.has('token') || changed.has('edges')) void this.renew();
  }

  private restart(): void {
    const video = this.video;
    this.playback?.stop();
    this.playback = undefined;
    if (!video || this.titleId === '') return;
    const playback = new Playback(video, this.request(), this.worker);
    this.playback = playback;
    restoreVolume(video);
    playback.addEventListener('change', () => this.changed());
    void playback.start().then(() => {
      if (this.autoplay && this.playback === playback) video.play().catch(() => undefined);
    });
    this.changed();
  }

  private request(): TitleRequest {
    const edges = this.edges.split(',').map((e) => e.trim().replace(/\/+$/, '')).filter((e) => e !== '');
    return { title: this.titleId, token: this.token, edges: edges.length > 0 ? edges : [location.origin] };
  }

  private async renew(): Promise<void> {
    if (!(await this.playback?.renew(this.request()))) this.retry();
  }

  /** Begins anew where it was. */
  retry(): void {
    const v = this.video;
    const at = v?.currentTime ?? 0;
    const wasPlaying = v ? !v.paused : false;
    this.restart();
    if (at === 0) return;
    const resume = (): void => {
      this.seek(at);
      if (wasPlaying) v?.play().catch(() => undefined);
    };
    v?.addEventListener('loadedmetadata', resume, { once: true });
  }

  private changed(): void {
    this.tick++;
    this.dispatchEvent(new CustomEvent('weir-change'));
  }

  // ---- what viewers do

  togglePlay(): void {
    const v = this.video;
    if (!v || this.trouble?.fatal) return;
    if (v.paused) v.play().catch(() => undefined);
    else v.pause();
  }

  seek(to: number): void {
    const v = this.video;
    if (v && Number.isFinite(v.duration)) v.currentTime = Math.max(0, Math.min(to, v.duration));
  }

  setVolume(volume: number): void {
    const v = this.video;
    if (!v) return;
    v.volume = Math.max(0, Math.min(1, volume));
    v.muted = false;
    saveVolume(v.volume);
  }

  toggleMute(): void {
    if (this.video) this.video.muted = !this.video.muted;
  }

  toggleFullscreen(): void {
    if (document.fullscreenElement === this) void document.exitFullscreen();
    else this.requestFullscreen?.().catch(() => undefined);
  }

  /** A page may pass on what its viewer typed outside any control. */
  handleKey(e: KeyboardEvent): void {
    const v = this.video;
    if (!v || e.ctrlKey || e.metaKey || e.altKey) return;
    const inner = e.composedPath()[0];
    const onButton = inner instanceof HTMLButtonElement;
    const onVolume = inner instanceof HTMLInputElement;
    if ((onButton && (e.key === ' ' || e.key === 'Enter')) || (onVolume && e.key.startsWith('Arrow'))) return;
    const acts: Record<string, () => void> = {
      ' ': () => this.togglePlay(),
      k: () => this.togglePlay(),
      ArrowLeft: () => this.seek(v.currentTime - 5),
      ArrowRight: () => this.seek(v.currentTime + 5),
      j: () => this.seek(v.currentTime - 10),
      l: () => this.seek(v.currentTime + 10),
      ArrowUp: () => this.setVolume(v.volume + 0.05),
      ArrowDown: () => this.setVolume(v.volume - 0.05),
      m: () => this.toggleMute(),
      f: () => this.toggleFullscreen(),
      i: () => this.showSources(),
      Home: () => this.seek(0),
      End: () => this.seek(v.duration),
    };
    const act = /^[0-9]$/.test(e.key) ? () => this.seek((v.duration * Number(e.key)) / 10) : acts[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  }

  private showSources(): void {
    this.dispatchEvent(new CustomEvent('weir-sources'));
  }

  private wake(): void {
    this.removeAttribute('idle');
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => {
      const v = this.video;
      const focused = this.renderRoot.querySelector('.controls :focus-visible');
      if (v && !v.paused && !focused) this.setAttribute('idle', '');
    }, kIdleMs);
  }

  // ---- what viewers see

  private bufferedSpans(): Span[] {
    const b = this.video?.buffered;
    return b ? Array.from({ length: b.length }, (_, i) => ({ from: b.start(i), to: b.end(i) })) : [];
  }

  /** Bytes are taken to be spread evenly over time: close enough to show. */
  private heldSpans(duration: number): Span[] {
    const bytes = this.playback?.title?.bytes ?? 0;
    if (bytes === 0 || !(duration > 0)) return [];
    return (this.report?.held ?? []).map(([a, b]) => ({ from: (a / bytes) * duration, to: (b / bytes) * duration }));
  }

  private sourceLine(): string {
    const r = this.report;
    if (!r) return '';
    const last = r.sources.at(-1);
    const edge = last ? r.edges[last[3]] : undefined;
    const bytes = r.edges.reduce((n, e) => n + e.bytes, 0);
    return edge ? `${edgeName(edge.url)} · ${byteCount(bytes)}` : '';
  }

  protected override render(): TemplateResult {
    const v = this.video;
    const playing = v !== null && !v.paused;
    const trouble = this.trouble;
    const waiting = this.titleId !== '' && !trouble?.fatal && (!v || v.readyState < 2 || (playing && v.readyState < 3));
    const update = (): void => this.requestUpdate();
    return html`
      <video
        playsinline
        preload="auto"
        @click=${() => this.touchWoke || this.togglePlay()}
        @dblclick=${() => this.toggleFullscreen()}
        @timeupdate=${update} @progress=${update} @play=${update} @pause=${update} @seeking=${update} @seeked=${update}
        @waiting=${update} @playing=${update} @ended=${update} @volumechange=${update} @durationchange=${update}
        @canplay=${update}
      ></video>
      ${waiting ? html`<div class="spinner" role="status" aria-label="Loading"></div>` : nothing}
      ${!waiting && !playing && !trouble?.fatal && v?.currentTime === 0
        ? html`<button class="big" aria-label="Play" @click=${() => this.togglePlay()}>${kIcons.play}</button>`
        : nothing}
      ${trouble?.fatal ? this.troubleView(trouble) : html`${this.controls(v, playing)} ${this.notice(trouble)}`}
    `;
  }

  private controls(v: HTMLVideoElement | null, playing: boolean): TemplateResult {
    const duration = v && Number.isFinite(v.duration) ? v.duration : (this.playback?.title?.durationUs ?? 0) / 1e6;
    const time = v?.currentTime ?? 0;
    const silent = !v || v.muted || v.volume === 0;
    const full = document.fullscreenElement === this;
    const playIcon = v?.ended ? kIcons.again : playing ? kIcons.pause : kIcons.play;
    const toggle = playing ? 'Pause' : 'Play';
    return html`
      <div class="controls">
        <weir-seek-bar
          .duration=${duration} .time=${time} .buffered=${this.bufferedSpans()} .held=${this.heldSpans(duration)}
          @seek=${(e: CustomEvent<number>) => this.seek(e.detail)}
        ></weir-seek-bar>
        <div class="row">
          ${button(toggle, 'k', playIcon, () => this.togglePlay())}
          ${button(silent ? 'Unmute' : 'Mute', 'm', silent ? kIcons.muted : kIcons.sound, () => this.toggleMute())}
          <input
            class="volume-slider" type="range" min="0" max="1" step="0.05" aria-label="Volume"
            .value=${String(silent ? 0 : v.volume)}
            @input=${(e: Event) => this.setVolume(Number((e.target as HTMLInputElement).value))}
          />
          <span class="time">${clock(time)} / ${clock(duration)}</span>
          <span class="space"></span>
          <span class="source" title="Where the film comes from">${this.sourceLine()}</span>
          ${button('Where the film comes from', 'i', kIcons.sources, () => this.showSources())}
          ${button(full ? 'Leave full screen' : 'Full screen', 'f', full ? kIcons.window : kIcons.fullscreen, () =>
            this.toggleFullscreen(),
          )}
        </div>
      </div>
    `;
  }

  private notice(trouble: Trouble | undefined): TemplateResult {
    const words = trouble && wordsFor(trouble, this.titleId);
    return html`<div role="status">
      ${words ? html`<div class="notice"><strong>${words.heading}</strong><p>${words.text}</p></div>` : nothing}
    </div>`;
  }

  private troubleView(trouble: Trouble): TemplateResult {
    const words = wordsFor(trouble, this.titleId);
    const address = words.otherPlayer ? this.playback?.fileAddress() : undefined;
    return html`
      <div class="trouble" role="alert">
        <h2>${words.heading}</h2>
        <p>${words.text}</p>
        ${trouble.code > 0 ? html`<small>Weir code ${trouble.code}</small>` : nothing}
        <div class="acts">
          ${words.retry ? html`<button @click=${() => this.retry()}>Try again</button>` : nothing}
          ${address
            ? html`<button @click=${(e: Event) => void copy(address, e.target as HTMLElement)}>
                Copy address for a media player
              </button>`
            : nothing}
        </div>
      </div>
    `;
  }
}

function button(label: string, key: string, icon: TemplateResult, act: () => void): TemplateResult {
  return html`<button aria-label=${label} title="${label} (${key})" @click=${act}>${icon}</button>`;
}

async function copy(text: string, button: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'The browser did not allow copying';
  }
}

function restoreVolume(video: HTMLVideoElement): void {
  try {
    const kept = Number(localStorage.getItem(kVolumeKey) ?? '1');
    if (kept >= 0 && kept <= 1) video.volume = kept;
  } catch {
    // No storage here (a sandboxed frame): full volume.
  }
}

function saveVolume(volume: number): void {
  try {
    localStorage.setItem(kVolumeKey, String(volume));
  } catch {
    // As above.
  }
}

customElements.define('weir-player', WeirPlayer);
