/** The live timeline: waveform, visemes and words about the moment that is heard, drawn on a canvas. */

import { KINDS, SOUNDS } from "../faces/shapes.js";

const SECONDS = 6;
/** From this width down, in pixels, less time is shown. */
const NARROW = 520;
/** Where the moment that is heard stands, as a share of the width. */
const NOW = 0.62;
/** Where it starts from for those who want little motion: it walks to the right, and then the page is turned. */
const CALM_NOW = 0.25;
const PAGE_MS = 2500;
const BIN_MS = 10;
const COLOURS = ["surface", "ink", "muted", "line", "accent", "wave", "ahead", "on-kind"];

/**
 * @typedef {{segment: import("../mascot-web/index.js").Segment, peaks: Float32Array,
 *   words: {atMs: number, text: string}[]}} Piece one message's audio, and what is drawn of it
 */

/**
 * @param {Float32Array} samples
 * @param {number} rate in Hz
 * @returns {Float32Array} the loudest sample of every 10 ms
 */
export function peaksOf(samples, rate) {
  const step = Math.max(1, Math.round((rate * BIN_MS) / 1000));
  const peaks = new Float32Array(Math.ceil(samples.length / step));
  for (let index = 0; index < samples.length; index += 1) {
    const bin = Math.floor(index / step);
    peaks[bin] = Math.max(peaks[bin], Math.abs(samples[index]));
  }
  return peaks;
}

export class Strip {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {Piece[]} */
    this.pieces = [];
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.paint();
  }

  /** Reads the colours of the theme. */
  paint() {
    const style = getComputedStyle(this.canvas);
    // A variable is read through a property: only there is it a colour, and that of the theme.
    const colour = (name) => {
      this.canvas.style.color = `var(--${name})`;
      return style.color;
    };
    const names = [...COLOURS, ...KINDS.map((kind) => `kind-${kind}`)];
    this.colours = Object.fromEntries(names.map((name) => [name, colour(name)]));
    this.font = style.fontFamily;
    this.drawn = null;
  }

  /** @param {Piece} piece */
  add(piece) {
    this.pieces.push(piece);
    if (this.pieces.length > 400) this.pieces.splice(0, 100);
    this.drawn = null;
  }

  /** @param {number} atMs where the sound was cut off */
  cut(atMs) {
    this.pieces = this.pieces.filter(({ segment }) => segment.startMs < atMs);
    this.pieces.forEach((piece) => {
      piece.words = piece.words.filter((word) => word.atMs < atMs);
    });
    this.drawn = null;
  }

  /**
   * @param {number} nowMs what is heard
   * @returns {number} how loud it is there, 0 to 1
   */
  loudness(nowMs) {
    const piece = this.pieces.findLast(({ segment }) => segment.startMs <= nowMs && nowMs < segment.endMs);
    if (!piece) return 0;
    return Math.min(1, 1.6 * (piece.peaks[Math.floor((nowMs - piece.segment.startMs) / BIN_MS)] ?? 0));
  }

  /**
   * @param {number} nowMs what is heard
   * @param {boolean} calm whether the user wants little motion
   */
  draw(nowMs, calm) {
    if (this.drawn === nowMs) return;
    this.drawn = nowMs;
    const { canvas, colours } = this;
    const context = canvas.getContext("2d");
    const scale = canvas.width / (canvas.clientWidth || 1);
    const [width, height] = [canvas.width / scale, canvas.height / scale];
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const pxPerMs = width / (width < NARROW ? SECONDS * 600 : SECONDS * 1000);
    const [middle, anchor] = calm ? [CALM_NOW, Math.floor(nowMs / PAGE_MS) * PAGE_MS] : [NOW, nowMs];
    const place = { x: (ms) => width * middle + (ms - anchor) * pxPerMs, pxPerMs, width, height };
    const rows = { wave: [10, height - 78], visemes: [height - 60, 26], words: height - 13 };
    const from = anchor - (width * middle) / pxPerMs;
    const until = from + width / pxPerMs;
    const seen = this.pieces.filter(({ segment }) => segment.endMs > from && segment.startMs < until);

    this.grid(context, place, from, until);
    if (!this.pieces.length) this.invitation(context, place, rows.wave);
    for (const piece of seen) this.wave(context, piece, nowMs, place, rows.wave);
    for (const piece of seen) this.visemes(context, piece, nowMs, place, rows.visemes);
    this.words(context, seen, nowMs, place, rows.words);
    context.fillStyle = colours.accent;
    context.fillRect(Math.round(place.x(nowMs)) - 1, 6, 2, height - 34);
    context.beginPath();
    context.arc(place.x(nowMs), 6, 4, 0, 2 * Math.PI);
    context.fill();
  }

  grid(context, { x, height }, from, until) {
    context.fillStyle = this.colours.line;
    for (let ms = Math.ceil(from / 500) * 500; ms < until; ms += 500) {
      context.fillRect(Math.round(x(ms)), 14, 1, height - 44);
    }
  }

  /** What an empty timeline says. */
  invitation(context, { width }, [top, height]) {
    context.fillStyle = this.colours.ahead;
    context.fillRect(0, top + height / 2 - 1, width, 2);
    context.font = `500 14px ${this.font}`;
    context.textAlign = "center";
    const text = `Voice, mouth shapes and words${width < NARROW ? "" : " appear here"}`;
    const room = context.measureText(text).width + 28;
    const x = (width * NOW) / 2;
    context.fillStyle = this.colours.surface;
    context.fillRect(x - room / 2, top + height / 2 - 12, room, 24);
    context.fillStyle = this.colours.muted;
    context.textBaseline = "middle";
    context.fillText(text, x, top + height / 2);
  }

  wave(context, { segment, peaks }, nowMs, { x, width, pxPerMs }, [top, height]) {
    const middle = top + height / 2;
    for (const [colour, after] of [[this.colours.wave, false], [this.colours.ahead, true]]) {
      context.fillStyle = colour;
      context.beginPath();
      for (let bin = 0; bin < peaks.length; bin += 2) {
        const ms = segment.startMs + bin * BIN_MS;
        if (ms >= segment.endMs) break;
        const left = x(ms);
        if (ms > nowMs !== after || left < -8 || left > width) continue;
        const size = Math.max(1.2, Math.max(peaks[bin], peaks[bin + 1] ?? 0) ** 0.75 * height * 0.5);
        context.roundRect(left, middle - size, Math.max(1.6, 2 * BIN_MS * pxPerMs - 1.4), 2 * size, 1.4);
      }
      context.fill();
    }
  }

  visemes(context, { segment }, nowMs, { x }, [top, height]) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 11px ${this.font}`;
    segment.cues.forEach(({ atMs, viseme }, index) => {
      const end = segment.cues[index + 1]?.atMs ?? segment.endMs;
      const [left, right] = [x(atMs), x(end)];
      context.globalAlpha = atMs <= nowMs && nowMs < end ? 1 : end <= nowMs ? 0.55 : 0.8;
      context.fillStyle = this.colours[`kind-${KINDS[viseme]}`];
      context.beginPath();
      context.roundRect(left + 0.5, top, Math.max(1, right - left - 1), height, 4);
      context.fill();
      const name = SOUNDS[viseme].split(" ")[0];
      context.globalAlpha = 1;
      if (viseme && context.measureText(name).width < right - left - 3) {
        context.fillStyle = this.colours["on-kind"];
        context.fillText(name, (left + right) / 2, top + height / 2 + 0.5);
      }
    });
    context.globalAlpha = 1;
  }

  words(context, seen, nowMs, { x, width }, base) {
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.font = `500 13px ${this.font}`;
    let free = -Infinity;
    for (const { atMs, text } of seen.flatMap((piece) => piece.words)) {
      const left = Math.max(x(atMs), free);
      if (left > width) break;
      context.fillStyle = atMs <= nowMs ? this.colours.ink : this.colours.muted;
      context.fillText(text, left, base);
      free = left + context.measureText(text).width;
    }
  }

  resize() {
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.drawn = null;
  }
}
