// The look of <weir-player>. The picture's surround is dark whatever the page's theme: films are.

import { css } from 'lit';

export const kPlayerStyles = css`
  :host {
    --weir-accent: #3ea6ff;
    display: block;
    position: relative;
    container: weir-player / inline-size;
    aspect-ratio: 16 / 9;
    overflow: hidden;
    background: #000;
    color: #fff;
    font: 14px/1.4 system-ui, sans-serif;
    user-select: none;
    -webkit-user-select: none;
  }
  :host(:fullscreen) {
    width: 100vw;
    height: 100vh;
    aspect-ratio: auto;
  }
  :host([idle]) {
    cursor: none;
  }
  video {
    width: 100%;
    height: 100%;
    display: block;
    outline: none;
  }
  .controls {
    position: absolute;
    inset: auto 0 0;
    padding: 36px 14px 8px;
    background: linear-gradient(transparent, rgb(0 0 0 / 0.75));
    transition: opacity 0.2s;
  }
  :host([idle]) .controls {
    opacity: 0;
    pointer-events: none;
  }
  .row {
    display: flex;
    align-items: center;
    gap: 4px;
  }
  .space {
    flex: 1;
  }
  button {
    font: inherit;
    color: inherit;
    border: 0;
    background: none;
    padding: 8px;
    border-radius: 8px;
    display: inline-flex;
    cursor: pointer;
  }
  button:hover {
    background: rgb(255 255 255 / 0.15);
  }
  button:focus-visible,
  input:focus-visible {
    outline: 2px solid #fff;
    outline-offset: -2px;
  }
  .time {
    padding: 0 8px;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  input[type='range'] {
    width: 84px;
    accent-color: #fff;
  }
  .source {
    opacity: 0.85;
    font-size: 12px;
    padding: 0 6px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .big {
    position: absolute;
    inset: 0;
    margin: auto;
    width: 76px;
    height: 76px;
    padding: 0;
    align-items: center;
    justify-content: center;
    border-radius: 50%;
    background: rgb(0 0 0 / 0.55);
  }
  .big:hover {
    background: rgb(0 0 0 / 0.8);
  }
  .big svg {
    width: 44px;
    height: 44px;
  }
  .spinner {
    position: absolute;
    inset: 0;
    margin: auto;
    width: 48px;
    height: 48px;
    border-radius: 50%;
    border: 4px solid rgb(255 255 255 / 0.25);
    border-top-color: #fff;
    animation: turn 0.9s linear infinite;
    pointer-events: none;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .spinner {
      animation-duration: 4s;
    }
  }
  .notice {
    position: absolute;
    inset: 14px 14px auto;
    margin: 0 auto;
    width: fit-content;
    max-width: 90%;
    padding: 8px 14px;
    border-radius: 8px;
    background: rgb(0 0 0 / 0.8);
  }
  .notice p {
    margin: 0;
    opacity: 0.85;
  }
  .trouble {
    position: absolute;
    inset: 0;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 10px;
    padding: 20px;
    box-sizing: border-box;
    text-align: center;
    overflow-y: auto;
    background: radial-gradient(rgb(25 28 34 / 0.97), rgb(8 9 11 / 0.97));
    user-select: text;
    -webkit-user-select: text;
  }
  .trouble h2 {
    margin: 0;
    font-size: clamp(17px, 3.4cqi, 24px);
    text-wrap: balance;
  }
  .trouble p {
    margin: 0;
    max-width: 34em;
    opacity: 0.9;
    text-wrap: balance;
  }
  .trouble small {
    opacity: 0.65;
  }
  .trouble .acts {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 10px;
    margin-top: 6px;
  }
  .trouble button {
    padding: 9px 18px;
    background: rgb(255 255 255 / 0.14);
  }
  .trouble button:hover {
    background: rgb(255 255 255 / 0.25);
  }
  @container weir-player (max-width: 520px) {
    .controls {
      padding: 28px 8px 2px;
    }
    .volume-slider,
    .source {
      display: none;
    }
    .trouble {
      gap: 6px;
      padding: 12px;
    }
  }
`;
