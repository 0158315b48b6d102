/** Tabs, as the ARIA authoring practices have them: arrows move, and what is moved to is shown. */

/** @param {HTMLElement} list with role tablist */
export function tabs(list) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const show = (chosen) => {
    for (const tab of all) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !on;
    }
  };
  all.forEach((tab, index) => {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const next = all[(index + step + all.length) % all.length];
      show(next);
      next.focus();
    });
  });
}
