/** The page's own server: what it offers, where to connect, and visemes of whole files. */

/**
 * @typedef {{id: string, name: string, simulated: boolean, model: string | null}} Provider
 * @typedef {{providers: Provider[], viseme_models: {id: string, name: string}[], password: boolean}} Config
 */

// The set that the faces blend.
const WEIGHTS = "oculus";

/** An answer that is not the one asked for. */
export class ApiError extends Error {
  /**
   * @param {string} text the server's own
   * @param {number} status of HTTP
   */
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

/** @returns {Promise<Config>} */
export function config() {
  return request("api/config", {});
}

/**
 * @param {string} provider
 * @param {string} visemeModel
 * @param {boolean} weights whether blend weights come with the visemes
 * @param {string} password empty where none is wanted
 * @returns {Promise<object>} what the provider's protocol dials with
 */
export function connect(provider, visemeModel, weights, password) {
  return request("api/connect", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...authorization(password) },
    body: JSON.stringify({ provider, viseme_model: visemeModel, viseme_weights: weights ? WEIGHTS : null }),
  });
}

/**
 * @param {Blob} file of any kind of audio that the server reads
 * @param {string} visemeModel
 * @param {boolean} weights whether blend weights come with the visemes
 * @param {string} password empty where none is wanted
 * @returns {Promise<import("./mascot-web/index.js").Payload>} changes of shape over the whole file
 */
export async function visemesOf(file, visemeModel, weights, password) {
  const query = new URLSearchParams({ viseme_model: visemeModel, ...(weights ? { viseme_weights: WEIGHTS } : {}) });
  const answer = await request(`api/visemes?${query}`, {
    method: "POST",
    headers: { "Content-Type": file.type || "application/octet-stream", ...authorization(password) },
    body: file,
  });
  return Array.isArray(answer) ? { visemes: answer } : answer;
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError("The server cannot be reached. Is `mascot-server demo` still running?", 0);
  }
  const answer = await response.json().catch(() => ({}));
  const { ok, status } = response;
  if (!ok) throw new ApiError(answer.error ?? `The server answered ${status}.`, status);
  return answer;
}

function authorization(password) {
  return password ? { Authorization: `Bearer ${password}` } : {};
}
