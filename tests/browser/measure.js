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

  let latest = 0;
  // Of what has been made, the part that the browser says has left the loudspeaker; sound does not go back.
  function heardMs() {
    const [context] = measured.contexts;
    if (!context) return 0;
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    const running = contextTime * 1000 + performance.now() - performanceTime;
    latest = Math.max(latest, Math.min(running, context.currentTime * 1000));
    return latest;
  }

  const samples = new Float32Array(256);
  function loudness() {
    measured.ear.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  }

  const request = globalThis.requestAnimationFrame;
  let last = 0;
  globalThis.requestAnimationFrame = (draw) =>
    request((now) => {
      // The page looks at the clock somewhere between these two moments.
      const began = performance.now();
      const fromMs = heardMs();
      draw(now);
      const heard = heardMs();
      if (measured.contexts.length) {
        const viseme = Number(document.documentElement.dataset.viseme);
        const lips = document.querySelector("#face [data-part=inner]").getBBox().height;
        const passed = began - last;
        measured.frames.push({
          now: performance.now(), fromMs, heardMs: heard, viseme, lips, passed, loudness: loudness(),
        });
      }
      last = began;
    });
})();
