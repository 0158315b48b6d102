/** What a face does when it says nothing: blinks, looks about, breathes, nods along with its voice. */

/**
 * @typedef {{blink: number, gazeX: number, gazeY: number, tilt: number, lift: number, brow: number, energy:
 *   number}}
 *   Pose blink: 0 open to 1 shut; gaze: -1 to 1; tilt in degrees; lift in units of the drawing; brow: -1 to
 *   1;
 *   energy: 0 to 1, how loud it is speaking
 */

const BLINK_MS = 190;

/** @type {Pose} */
export const STILL = Object.freeze({ blink: 0, gazeX: 0, gazeY: 0, tilt: 0, lift: 0, brow: 0, energy: 0 });

export class Life {
  /** @param {() => number} [random] 0 to 1 */
  constructor(random = Math.random) {
    this.random = random;
    this.nextBlink = 1200;
    this.nextLook = 2000;
    this.look = [0, 0];
    this.pose = { ...STILL };
    this.last = 0;
  }

  /**
   * @param {number} nowMs of a clock that never goes back
   * @param {{speaking: boolean, loudness: number, attentive: boolean, calm: boolean}} mood
   *   loudness: 0 to 1; attentive: somebody is speaking to it; calm: the user wants little motion
   * @returns {Pose}
   */
  at(nowMs, { speaking, loudness, attentive, calm }) {
    const passed = Math.min(100, nowMs - this.last);
    this.last = nowMs;
    this.decide(nowMs, speaking || attentive);
    if (calm) return { ...STILL, energy: loudness };
    const { pose } = this;
    const ease = (name, to, ms) => {
      pose[name] += (to - pose[name]) * (1 - Math.exp(-passed / ms));
    };
    pose.blink = this.blinkAt(nowMs);
    ease("gazeX", this.look[0], 70);
    ease("gazeY", this.look[1], 70);
    ease("energy", loudness, loudness > pose.energy ? 45 : 160);
    ease("brow", speaking ? 0.15 + pose.energy * 0.7 : attentive ? 0.5 : 0, 220);
    const sway = Math.sin(nowMs / 2300) * 1.1 + Math.sin(nowMs / 3700) * 0.7;
    ease("tilt", sway * (speaking ? 1.5 : 1) + (attentive ? -3.5 : 0), 260);
    ease("lift", Math.sin(nowMs / 1250) * 1.6 - (speaking ? pose.energy * 5 : 0), 120);
    return pose;
  }

  decide(nowMs, busy) {
    if (nowMs > this.nextBlink + BLINK_MS) {
      // Now and then twice in a row, as people do.
      this.nextBlink = nowMs + (this.random() < 0.16 ? 90 : 1700 + this.random() * 3600);
    }
    if (nowMs > this.nextLook) {
      const away = !busy && this.random() < 0.45;
      const range = away ? 0.9 : 0.16;
      this.look = [(this.random() * 2 - 1) * range, (this.random() * 2 - 1) * range * 0.55];
      this.nextLook = nowMs + (away ? 500 + this.random() * 900 : 1100 + this.random() * 2300);
    }
  }

  blinkAt(nowMs) {
    const part = (nowMs - this.nextBlink) / BLINK_MS;
    if (part < 0 || part > 1) return 0;
    // Lids fall faster than they rise.
    return part < 0.35 ? part / 0.35 : 1 - (part - 0.35) / 0.65;
  }
}
