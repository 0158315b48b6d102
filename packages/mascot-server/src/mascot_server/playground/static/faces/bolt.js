/** Bolt: a robot with a face of light. */

import { outlines } from "./mouth.js";
import { parts } from "./parts.js";

const BUILD = { width: 50, drop: 58, upperLip: 0, lowerLip: 0, bow: 0, smile: 12 };

/** @type {import("./index.js").Face} */
export const bolt = {
  id: "bolt",
  name: "Bolt",
  create(svg, prefix) {
    svg.setAttribute("viewBox", "0 0 480 480");
    svg.innerHTML = drawing(prefix);
    const part = parts(svg);
    return ({ mouth, pose }) => {
      const lines = outlines(mouth, BUILD);
      part.head.setAttribute("transform", `translate(0 ${pose.lift * 1.3}) rotate(${pose.tilt} 240 380)`);
      part.body.setAttribute("transform", `translate(0 ${pose.lift * 0.3})`);
      part.glow.setAttribute("opacity", 0.25 + pose.energy * 0.75);
      part.glow.setAttribute("r", 20 + pose.energy * 16);
      part.screen.setAttribute("transform", `translate(${pose.gazeX * 6} ${pose.gazeY * 4})`);
      part.mouth.setAttribute("transform", "translate(240 270)");
      for (const name of ["inner", "halo", "clip"]) part[name].setAttribute("d", lines.inner);
      part.inner.setAttribute("stroke-width", 7 + mouth.round * 3 + mouth.press * 4);
      part.upperTeeth.setAttribute("d", lines.upperTeeth);
      part.lowerTeeth.setAttribute("d", lines.lowerTeeth);
      part.tongue.setAttribute("d", lines.tongue);
      part.tuck.setAttribute("opacity", mouth.tuck);
      part.tuck.setAttribute("transform", `translate(0 ${lines.bottom})`);
      // Eyes are two bars of light: they shorten to blink, and grow with the voice.
      const open = 1 - pose.blink * 0.9;
      for (const side of ["left", "right"]) {
        const size = open + pose.energy * 0.06;
        part[`${side}Eye`].setAttribute("transform", `translate(0 ${-pose.brow * 4}) scale(1 ${size})`);
      }
    };
  },
};

function eye(side, x) {
  return `
    <g transform="translate(${x} 196)">
      <g data-part="${side}Eye">
        <rect x="-27" y="-36" width="54" height="72" rx="27" fill="#37e6ff" opacity=".16"/>
        <rect x="-19" y="-28" width="38" height="56" rx="19" fill="#6ff0ff"/>
        <rect x="-9" y="-20" width="12" height="18" rx="6" fill="#fff" opacity=".9"/>
      </g>
    </g>`;
}

function drawing(prefix) {
  const ref = (name) => `url(#${prefix}-${name})`;
  return `
  <defs>
    <linearGradient id="${prefix}-shell" x1="0" y1="0" x2=".3" y2="1">
      <stop offset="0" stop-color="#fff"/><stop offset=".55" stop-color="#e9edf6"/>
      <stop offset="1" stop-color="#bcc5dc"/>
    </linearGradient>
    <linearGradient id="${prefix}-screen" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#1b2340"/><stop offset="1" stop-color="#0a0f22"/>
    </linearGradient>
    <linearGradient id="${prefix}-dark" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#7c88ab"/><stop offset="1" stop-color="#4a5478"/>
    </linearGradient>
    <linearGradient id="${prefix}-coral" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#ff9a76"/><stop offset="1" stop-color="#f0593f"/>
    </linearGradient>
    <radialGradient id="${prefix}-light"><stop offset="0" stop-color="#ffb08f" stop-opacity=".9"/>
      <stop offset="1" stop-color="#ff8a65" stop-opacity="0"/></radialGradient>
    <clipPath id="${prefix}-inner"><path data-part="clip"/></clipPath>
    <clipPath id="${prefix}-glass"><rect x="100" y="124" width="280" height="208" rx="72"/></clipPath>
    <clipPath id="${prefix}-frame"><rect width="480" height="480"/></clipPath>
  </defs>
  <g clip-path="${ref("frame")}">
    <g data-part="body">
      <path fill="${ref("shell")}" d="M112 500C112 440 156 412 240 412C324 412 368 440 368 500Z"/>
      <path fill="none" stroke="#a9b4d0" stroke-width="3" d="M150 500C152 456 188 436 240 436C292 436 328 456
        330 500"/>
      <circle cx="240" cy="462" r="13" fill="${ref("coral")}"/>
      <circle cx="236" cy="458" r="4" fill="#fff" opacity=".75"/>
      <rect x="206" y="366" width="68" height="56" rx="16" fill="${ref("dark")}"/>
      <path stroke="#39426a" stroke-width="4" opacity=".6" d="M206 388H274M206 402H274"/>
    </g>
    <g data-part="head">
      <path stroke="#8f9abb" stroke-width="9" stroke-linecap="round" d="M240 92V56"/>
      <circle data-part="glow" cx="240" cy="44" r="26" fill="${ref("light")}"/>
      <circle cx="240" cy="44" r="15" fill="${ref("coral")}"/>
      <circle cx="235" cy="39" r="4.6" fill="#fff" opacity=".8"/>
      <rect x="46" y="184" width="44" height="96" rx="20" fill="${ref("coral")}"/>
      <rect x="390" y="184" width="44" height="96" rx="20" fill="${ref("coral")}"/>
      <rect x="68" y="86" width="344" height="290" rx="112" fill="${ref("shell")}"/>
      <path fill="#fff" opacity=".8" d="M128 130C152 108 188 100 226 100C192 108 164 118 142 142C130 150 120
        140 128 130Z"/>
      <rect x="94" y="118" width="292" height="220" rx="78" fill="#c3cce2"/>
      <rect x="100" y="124" width="280" height="208" rx="72" fill="${ref("screen")}"/>
      <g clip-path="${ref("glass")}">
        <path fill="#fff" opacity=".05" d="M100 124H250L170 332H100Z"/>
        <g data-part="screen">
          ${eye("left", 180)}${eye("right", 300)}
          <ellipse cx="138" cy="252" rx="17" ry="8" fill="#ff7d6b" opacity=".55"/>
          <ellipse cx="342" cy="252" rx="17" ry="8" fill="#ff7d6b" opacity=".55"/>
          <g data-part="mouth">
            <path data-part="halo" fill="none" stroke="#37e6ff" stroke-width="18" opacity=".16"
              stroke-linejoin="round"/>
            <path data-part="inner" fill="#0c3a4d" stroke="#6ff0ff" stroke-linejoin="round"
              stroke-linecap="round"/>
            <g clip-path="${ref("inner")}">
              <path data-part="tongue" fill="#ff7d6b"/>
              <path data-part="lowerTeeth" fill="#c8f8ff"/>
              <path data-part="upperTeeth" fill="#f2feff"/>
            </g>
            <path data-part="tuck" stroke="#6ff0ff" stroke-width="5" stroke-linecap="round" d="M-20 11H20"/>
          </g>
        </g>
      </g>
    </g>
  </g>`;
}
