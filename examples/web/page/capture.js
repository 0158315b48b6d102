/** Runs in the browser's audio thread: sends the microphone's sound to the page as PCM16, 40 ms at a time. */

class Capture extends AudioWorkletProcessor {
  #pcm = new Int16Array(Math.round(sampleRate * 0.04));
  #filled = 0;

  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.#pcm[this.#filled] = Math.max(-1, Math.min(1, sample)) * 32767;
      this.#filled += 1;
      if (this.#filled === this.#pcm.length) {
        this.port.postMessage(this.#pcm.slice().buffer);
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
