/** What the page shows of a message: no secret, and no audio at full length. */

const LONG = 64;
const SECRET_NAME = /^(api_?key|token|access_token|key|secret|password|authorization)$/i;
const SECRET_IN_QUERY = /([?&](?:token|key|access_token)=)[^&\s"]+/g;
const SECRET_ITSELF = new RegExp(
  String.raw`\b(?:ek|sk)[_-][\w-]{6,}|\beyJ[\w.-]{20,}|\bmascot_ephemeral_[\w.-]+|\bauth_tokens\/[\w-]+`,
  "g",
);

/**
 * @param {unknown} value parsed JSON
 * @returns {unknown} a copy that can be shown
 */
export function redacted(value) {
  if (typeof value === "string") return shortened(value);
  if (Array.isArray(value)) return value.map(redacted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET_NAME.test(name) && typeof member === "string" ? "•••" : redacted(member),
    ]),
  );
}

/**
 * @param {string} text
 * @returns {string}
 */
export function shortened(text) {
  if (text.length > LONG && /^[A-Za-z0-9+/_-]+=*$/.test(text)) {
    return `${text.slice(0, 12)}… (${Math.round((text.length * 3) / 4).toLocaleString("en")} bytes)`;
  }
  return text.replace(SECRET_IN_QUERY, "$1•••").replace(SECRET_ITSELF, "•••");
}
