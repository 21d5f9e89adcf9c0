// <weir-seek-bar>: where the film is, what the element has buffered, and what the player holds beyond that. A slider
// for pointer, touch, keyboard and screen reader. Fires 'seek' with the time while it is dragged and when it is let go.

import { css, html, LitElement, svg, type PropertyValues, type TemplateResult } from 'lit';
import { clock, spokenTime } from './format';

export interface Span {
  from: number;
  to: number;
}

export class WeirSeekBar extends LitElement {
  static override properties = {
    duration: { type: Number },
    time: { type: Number },
    buffered: { attribute: false },
    held: { attribute: false },
    hover: { state: true },
  };
  declare duration: number;
  declare time: number;
  /** What the media element holds, in seconds. */
  declare buffered: Span[];
  /** What the player's own cache holds, in seconds. */
  declare held: Span[];
  declare private hover: number | undefined;
  private dragging = false;

  static override styles = css`
    :host {
      display: block;
      padding: 10px 0;
      cursor: pointer;
      touch-action: none;
      outline: none;
      position: relative;
    }
    .bar {
      position: relative;
      height: 5px;
      border-radius: 3px;
      background: rgb(255 255 255 / 0.25);
      transition: height 0.1s;
    }
    :host(:hover) .bar,
    :host(:focus-visible) .bar {
      height: 8px;
    }
    svg {
      position: absolute;
      inset: 0;
      width: 100%;
      height: 100%;
      border-radius: inherit;
    }
    .held {
      fill: rgb(255 255 255 / 0.3);
    }
    .buffered {
      fill: rgb(255 255 255 / 0.45);
    }
    .played {
      fill: var(--weir-accent, #3ea6ff);
    }
    .knob,
    .tip {
      position: absolute;
      left: var(--at, 0%);
      pointer-events: none;
    }
    .knob {
      top: 50%;
      width: 14px;
      height: 14px;
      margin: -7px 0 0 -7px;
      border-radius: 50%;
      background: #fff;
      box-shadow: 0 0 3px rgb(0 0 0 / 0.6);
    }
    :host(:focus-visible) .knob {
      outline: 2px solid #fff;
      outline-offset: 3px;
    }
    .tip {
      bottom: 16px;
      transform: translateX(-50%);
      padding: 2px 7px;
      border-radius: 4px;
      background: rgb(0 0 0 / 0.85);
      color: #fff;
      font-size: 12px;
      font-variant-numeric: tabular-nums;
    }
    @media (forced-colors: active) {
      .bar {
        border: 1px solid CanvasText;
      }
      .played {
        fill: Highlight;
      }
      .knob {
        background: Highlight;
      }
    }
  `;

  constructor() {
    super();
    this.duration = 0;
    this.time = 0;
    this.buffered = [];
    this.held = [];
    this.addEventListener('pointerdown', (e) => this.press(e));
    this.addEventListener('pointermove', (e) => this.move(e));
    this.addEventListener('pointerup', () => (this.dragging = false));
    this.addEventListener('pointercancel', () => (this.dragging = false));
    this.addEventListener('pointerleave', () => (this.hover = undefined));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute('role', 'slider');
    this.setAttribute('aria-label', 'Position in the film');
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('time') || changed.has('duration')) {
      this.setAttribute('aria-valuemin', '0');
      this.setAttribute('aria-valuemax', String(Math.round(this.duration)));
      this.setAttribute('aria-valuenow', String(Math.round(this.time)));
      this.setAttribute('aria-valuetext', `${spokenTime(this.time)} of ${spokenTime(this.duration)}`);
    }
    // Through the object model: a strict Content-Security-Policy refuses style attributes.
    const place = (selector: string, seconds: number): void =>
      this.renderRoot.querySelector<HTMLElement>(selector)?.style.setProperty('--at', `${this.percent(seconds)}%`);
    place('.knob', this.time);
    if (this.hover !== undefined) place('.tip', this.hover);
  }

  private percent(seconds: number): number {
    return this.duration > 0 ? Math.min(100, (100 * seconds) / this.duration) : 0;
  }

  private timeAt(e: PointerEvent): number {
    const box = this.getBoundingClientRect();
    return Math.max(0, Math.min(1, (e.clientX - box.left) / box.width)) * this.duration;
  }

  private press(e: PointerEvent): void {
    if (e.button !== 0 || this.duration <= 0) return;
    this.setPointerCapture(e.pointerId);
    this.dragging = true;
    this.seek(this.timeAt(e));
  }

  private move(e: PointerEvent): void {
    if (this.duration <= 0) return;
    this.hover = this.timeAt(e);
    if (this.dragging) this.seek(this.hover);
  }

  private seek(time: number): void {
    this.dispatchEvent(new CustomEvent<number>('seek', { detail: time }));
  }

  private spans(list: Span[], name: string): TemplateResult[] {
    return list.map(({ from, to }) => {
      const x = 10 * this.percent(from);
      return svg`<rect class=${name} x=${x} width=${Math.max(0, 10 * this.percent(to) - x)} y="0" height="1"></rect>`;
    });
  }

  protected override render(): TemplateResult {
    return html`
      <div class="bar" part="bar">
        <svg viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">
          ${this.spans(this.held, 'held')} ${this.spans(this.buffered, 'buffered')}
          ${this.spans([{ from: 0, to: this.time }], 'played')}
        </svg>
        <div class="knob"></div>
      </div>
      ${this.hover === undefined ? '' : html`<div class="tip">${clock(this.hover)}</div>`}
    `;
  }
}

customElements.define('weir-seek-bar', WeirSeekBar);
