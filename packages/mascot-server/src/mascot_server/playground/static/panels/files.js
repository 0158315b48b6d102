/** A recording from the user's own disk, dropped anywhere on the page or chosen. */

/**
 * @param {{input: HTMLInputElement, overlay: HTMLElement, take: (file: File) => void}} places
 */
export function fileDrop({ input, overlay, take }) {
  input.addEventListener("change", () => {
    if (input.files[0]) take(input.files[0]);
    // So that the same file can be chosen again.
    input.value = "";
  });
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    overlay.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    // Inside the page one element is left for another.
    if (event.relatedTarget === null) overlay.hidden = true;
  });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    overlay.hidden = true;
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}
