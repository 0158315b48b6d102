/** Small controls, made out of data. */

import { KINDS } from "../faces/shapes.js";

const KIND_NAMES = {
  open: "open", spread: "wide", round: "rounded", closed: "lips closed", lip: "lip and teeth", teeth: "teeth",
  tongue: "tongue",
};

/**
 * @param {HTMLFieldSetElement} fieldset
 * @param {string} name of the radio buttons
 * @param {{id: string, name: string}[]} options the first is chosen
 * @param {() => void} changed
 */
export function choices(fieldset, name, options, changed) {
  options.forEach(({ id, name: text }, index) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), {
      type: "radio", name, value: id, checked: index === 0,
    });
    input.addEventListener("change", changed);
    const span = document.createElement("span");
    span.textContent = text;
    label.append(input, span);
    fieldset.append(label);
  });
}

/**
 * @param {HTMLElement} place
 * @param {string[]} texts
 * @param {(text: string) => void} take
 */
export function suggestions(place, texts, take) {
  for (const text of texts) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    button.className = "suggestion";
    button.addEventListener("click", () => take(text));
    place.append(button);
  }
}

/** @param {HTMLElement} list */
export function legend(list) {
  for (const kind of Object.keys(KIND_NAMES).filter((each) => KINDS.includes(each))) {
    const item = document.createElement("li");
    item.dataset.kind = kind;
    item.textContent = KIND_NAMES[kind];
    list.append(item);
  }
}

/**
 * Says whom one talks to: nobody should take a simulator's answers for a provider's.
 *
 * @param {HTMLElement} badge
 * @param {HTMLElement} text
 * @param {{name: string, simulated: boolean, model: string | null}} partner
 */
export function mark(badge, text, { name, simulated, model }) {
  badge.dataset.kind = simulated ? "simulated" : "real";
  const real = `Real ${name}${model ? `: ${model}` : ""}`;
  text.textContent = simulated ? `Simulated ${name}: recorded answers` : real;
  badge.title = simulated
    ? `No key for ${name} is set on the server. A simulator speaks its protocol, with recorded sentences.`
    : `The server talks to the real ${name}, with the key set there.`;
}

/**
 * @param {HTMLElement} place
 * @param {number | null} value
 * @param {string} unit
 */
export function number(place, value, unit) {
  place.textContent = value === null ? "–" : `${Math.round(value).toLocaleString("en")} ${unit}`;
}
