/**
 * Runs on the audio thread: hands the microphone's samples over in pieces of 60 ms, instead of 128 at a time.
 */

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(Math.round(sampleRate * 0.06));
    this.filled = 0;
  }

  process([[channel]]) {
    for (let index = 0; channel && index < channel.length; index += 1) {
      this.piece[this.filled] = channel[index];
      this.filled += 1;
      if (this.filled === this.piece.length) {
        this.port.postMessage(this.piece.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
