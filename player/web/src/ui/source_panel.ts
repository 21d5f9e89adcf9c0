// <weir-sources>: which edge each part of the film came from, what each edge gave, and what went wrong on the way.

import { css, html, LitElement, svg, type TemplateResult } from 'lit';
import type { Carrier } from '../browser/playback';
import type { WorkerReport } from '../browser/messages';
import type { EdgeReport } from '../core/edge';
import type { Incident } from '../core/piece_fetcher';
import { byteCount, edgeName } from './format';

const kStateWords: Record<EdgeReport['state'], string> = {
  good: 'good',
  shunned: 'not answering',
  probing: 'being tried again',
  refused: 'refused the token',
};

const kIncidentWords: Record<Incident['kind'], string> = {
  stalled: 'stopped sending: moved to another edge',
  failed: 'could not be reached: moved to another edge',
  damaged: 'sent wrong bytes: refused, taken from another edge',
  missing: 'does not have a piece: taken from another edge',
  refused: 'refused the token',
};

export class WeirSources extends LitElement {
  static override properties = { report: { attribute: false }, bytes: { type: Number }, carrier: { type: String } };
  declare report: WorkerReport | undefined;
  /** Size of the film. */
  declare bytes: number;
  declare carrier: Carrier | undefined;

  static override styles = css`
    :host {
      display: block;
      font-size: 14px;
      --edge-0: #3b82f6;
      --edge-1: #f59e0b;
      --edge-2: #10b981;
      --edge-3: #ec4899;
      --edge-4: #8b5cf6;
      --edge-5: #84cc16;
    }
    .strip {
      width: 100%;
      height: 14px;
      border-radius: 4px;
      background: color-mix(in srgb, currentColor 12%, transparent);
      display: block;
    }
    rect:nth-child(n) {
      stroke: none;
    }
    .e0 { fill: var(--edge-0); background: var(--edge-0); }
    .e1 { fill: var(--edge-1); background: var(--edge-1); }
    .e2 { fill: var(--edge-2); background: var(--edge-2); }
    .e3 { fill: var(--edge-3); background: var(--edge-3); }
    .e4 { fill: var(--edge-4); background: var(--edge-4); }
    .e5 { fill: var(--edge-5); background: var(--edge-5); }
    .scroll {
      overflow-x: auto;
      container-type: inline-size;
    }
    table {
      width: 100%;
      border-collapse: collapse;
      margin-top: 10px;
      font-variant-numeric: tabular-nums;
    }
    th, td {
      text-align: right;
      padding: 5px 8px;
      white-space: nowrap;
      border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent);
    }
    th {
      font-weight: 600;
      opacity: 0.75;
    }
    th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) {
      text-align: left;
    }
    .dot {
      display: inline-block;
      width: 10px;
      height: 10px;
      border-radius: 50%;
      margin-right: 7px;
    }
    .bad {
      color: var(--weir-bad, #d9534f);
    }
    @container (max-width: 480px) {
      th:nth-child(n + 4),
      td:nth-child(n + 4) {
        display: none;
      }
    }
    p {
      margin: 8px 0 0;
      opacity: 0.8;
    }
    ul {
      margin: 10px 0 0;
      padding: 0;
      list-style: none;
      max-height: 9em;
      overflow-y: auto;
    }
    li {
      padding: 2px 0;
    }
  `;

  constructor() {
    super();
    this.bytes = 0;
  }

  protected override render(): TemplateResult {
    const r = this.report;
    if (!r)
      return html`<p>
        ${this.carrier === 'virtual-file'
          ? 'Played as one file from one edge: this page cannot use a service worker here.'
          : 'Nothing has been fetched yet.'}
      </p>`;
    const moved = r.failovers === 1 ? '1 request was' : `${r.failovers} requests were`;
    return html`
      <svg class="strip" viewBox="0 0 1000 1" preserveAspectRatio="none" role="img" aria-label="Parts of the film by edge">
        ${r.origins.map(([first, end, edge]) => this.stripPart(first, end, edge))}
      </svg>
      <div class="scroll">
        <table>
          <thead>
            <tr><th scope="col">Edge</th><th scope="col">State</th><th scope="col">Brought</th><th scope="col">Answer</th>
              <th scope="col">Stalls</th><th scope="col">Failures</th><th scope="col">Wrong</th></tr>
          </thead>
          <tbody>${r.edges.map((e, i) => this.row(e, i))}</tbody>
        </table>
      </div>
      <p>${byteCount(r.heldBytes)} held ready · ${r.connections} of 5 connections busy · ${moved} moved to another edge</p>
      ${r.incidents.length === 0 ? '' : html`<ul>${r.incidents.slice(-8).reverse().map((i) => this.incident(i))}</ul>`}
    `;
  }

  private stripPart(first: number, end: number, edge: number): TemplateResult {
    const scale = 1000 / Math.max(1, this.bytes);
    return svg`<rect class=${`e${edge % 6}`} x=${first * scale} width=${Math.max(1, (end - first) * scale)} y="0" height="1"></rect>`;
  }

  private row(e: EdgeReport, index: number): TemplateResult {
    const count = (n: number): TemplateResult => html`<td class=${n > 0 ? 'bad' : ''}>${n}</td>`;
    return html`<tr>
      <td><span class="dot e${index % 6}"></span>${edgeName(e.url)}</td>
      <td class=${e.state === 'good' ? '' : 'bad'}>${kStateWords[e.state]}</td>
      <td>${byteCount(e.bytes)}</td>
      <td>${e.latencyMs > 0 ? `${e.latencyMs} ms` : '–'}</td>
      ${count(e.stalls)} ${count(e.failures)} ${count(e.damaged + e.missing)}
    </tr>`;
  }

  private incident(i: Incident): TemplateResult {
    return html`<li>
      <strong>${edgeName(i.edge)}</strong> ${kIncidentWords[i.kind]}
      <small>(piece ${i.piece.slice(0, 8)}${i.detail ? html`, ${i.detail}` : ''})</small>
    </li>`;
  }
}

customElements.define('weir-sources', WeirSources);
