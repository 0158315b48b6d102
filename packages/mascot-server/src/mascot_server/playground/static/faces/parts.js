/** The parts of a drawing that move, by name. */

/**
 * @param {SVGElement} svg
 * @returns {Record<string, SVGElement>} elements by their `data-part`
 */
export function parts(svg) {
  return Object.fromEntries([...svg.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
}
