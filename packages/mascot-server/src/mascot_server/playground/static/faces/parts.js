/** The parts of a drawing that move, by name. */

/**
 * @param {SVGElement} svg
 * @returns {Record<string, SVGElement>} elements by their `data-part`
 */
export function parts(svg) {
  const all = [...svg.querySelectorAll("[data-part]")];
  return Object.fromEntries(all.map((part) => [part.dataset.part, part]));
}
