// Runs in the page before its own scripts: notes what is scheduled, what is heard and what the mouth shows, by the
// browser's own clocks and not by the page's word.
(() => {
  const measured = { starts: [], frames: [], contexts: [] };
  globalThis.measured = measured;

  const Original = AudioContext;
  globalThis.AudioContext = class extends Original {
    constructor(...options) {
      super(...options);
      measured.contexts.push(this);
      // All that reaches the loudspeaker passes this ear.
      measured.ear = new AnalyserNode(this, { fftSize: 256 });
    }
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (...to) {
    if (to[0] instanceof AudioDestinationNode && this !== measured.ear) connect.call(this, measured.ear);
    return connect.apply(this, to);
  };
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when, ...rest) {
    measured.starts.push({ atMs: when * 1000, durationMs: this.buffer.duration * 1000 });
    return start.call(this, when, ...rest);
  };

  function heardMs() {
    const [context] = measured.contexts;
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    return contextTime * 1000 + performance.now() - performanceTime;
  }

  const samples = new Float32Array(256);
  function loudness() {
    measured.ear.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  }

  let last = performance.now();
  function frame(now) {
    // After the page's own callback of the same frame, so that what is shown is what this frame shows.
    queueMicrotask(() => {
      const passed = now - last;
      last = now;
      if (measured.contexts.length) {
        const viseme = Number(document.documentElement.dataset.viseme);
        const lips = document.querySelector("#face [data-part=inner]").getBBox().height;
        measured.frames.push({ now: performance.now(), heardMs: heardMs(), viseme, lips, passed, loudness: loudness() });
      }
    });
    setTimeout(() => requestAnimationFrame(frame));
  }
  addEventListener("DOMContentLoaded", () => requestAnimationFrame(frame));
})();
