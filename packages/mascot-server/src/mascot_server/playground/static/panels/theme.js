/** Light or dark: as the system says, until the user says otherwise. */

const KEPT = "mascot-playground-theme";

/**
 * @param {HTMLButtonElement} button
 * @param {() => void} changed
 */
export function theme(button, changed) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const dark = (localStorage.getItem(KEPT) ?? (system.matches ? "dark" : "light")) === "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.setAttribute("aria-pressed", String(dark));
    changed();
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEPT, document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
