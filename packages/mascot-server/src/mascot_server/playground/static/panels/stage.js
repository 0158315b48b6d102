/**
 * The face on its stage, and the choice of faces.
 *
 * @typedef {{viseme: number, weights: [string, number][], speaking: boolean}} Mouth the viseme at the playback position, and how
 *   much of each to show
 */

import { FACES } from "../faces/index.js";
import { Life, STILL } from "../faces/life.js";
import { SHAPES, SOUNDS, blended } from "../faces/shapes.js";

const KEPT = "mascot-playground-avatar";

export class Stage {
  /** @param {{svg: SVGElement, section: HTMLElement, avatars: HTMLElement}} places */
  constructor({ svg, section, avatars }) {
    this.svg = svg;
    this.section = section;
    this.life = new Life();
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.nowId = document.getElementById("now-id");
    this.nowSound = document.getElementById("now-sound");
    const chosen = FACES.find(({ id }) => id === localStorage.getItem(KEPT)) ?? FACES[0];
    for (const face of FACES) avatars.append(this.choice(face, face === chosen));
    this.show(chosen);
  }

  choice(face, checked) {
    const label = document.createElement("label");
    label.className = "avatar";
    const input = Object.assign(document.createElement("input"), {
      type: "radio", name: "avatar", value: face.id, checked,
    });
    input.addEventListener("change", () => {
      localStorage.setItem(KEPT, face.id);
      this.show(face);
    });
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("aria-hidden", "true");
    face.create(svg, `small-${face.id}`)({ mouth: SHAPES[0], pose: STILL });
    const name = document.createElement("span");
    name.textContent = face.name;
    label.append(input, svg, name);
    return label;
  }

  show(face) {
    this.drawFace = face.create(this.svg, "face");
    this.svg.setAttribute("aria-label", `${face.name}, a face whose mouth moves with the voice`);
    this.section.dataset.avatar = face.id;
  }

  /**
   * @param {{mouth: Mouth, nowMs: number, loudness: number, attentive: boolean}} now
   */
  draw({ mouth, nowMs, loudness, attentive }) {
    const mood = { speaking: mouth.speaking, loudness, attentive, calm: this.calm.matches };
    this.drawFace({ mouth: blended(mouth.weights), pose: this.life.at(nowMs, mood) });
    if (mouth.viseme === this.shown) return;
    this.shown = mouth.viseme;
    this.nowId.textContent = String(mouth.viseme);
    this.nowSound.textContent = SOUNDS[mouth.viseme];
    // For tests and the curious: the viseme that is shown.
    document.documentElement.dataset.viseme = String(mouth.viseme);
  }
}
