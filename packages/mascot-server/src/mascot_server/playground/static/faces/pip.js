/** Pip: a small sea creature. */

import { outlines } from "./mouth.js";
import { parts } from "./parts.js";

const BUILD = { width: 58, drop: 74, upperLip: 4, lowerLip: 4, bow: 0, smile: 17 };

/** @type {import("./index.js").Face} */
export const pip = {
  id: "pip",
  name: "Pip",
  create(svg, prefix) {
    svg.setAttribute("viewBox", "0 0 480 480");
    svg.innerHTML = drawing(prefix);
    const part = parts(svg);
    return ({ mouth, pose }) => {
      const lines = outlines(mouth, BUILD);
      const jaw = mouth.open * (1 - mouth.press) * 10;
      // The whole creature is soft: it stretches with what it says.
      const stretch = 1 + jaw * 0.0018 + pose.lift * 0.002;
      const squash = `scale(${1 / Math.sqrt(stretch)} ${stretch})`;
      const lean = `rotate(${pose.tilt * 0.8})`;
      part.all.setAttribute("transform", `translate(240 470) ${lean} ${squash} translate(-240 -470)`);
      part.leftFin.setAttribute("transform", `rotate(${-pose.energy * 14 - pose.tilt} 96 318)`);
      part.rightFin.setAttribute("transform", `rotate(${pose.energy * 14 - pose.tilt} 384 318)`);
      part.tuft.setAttribute("transform", `rotate(${-pose.tilt * 2.6} 240 92)`);
      part.mouth.setAttribute("transform", `translate(240 ${292 + jaw * 0.1})`);
      part.inner.setAttribute("d", lines.inner);
      part.clip.setAttribute("d", lines.inner);
      part.rim.setAttribute("d", lines.inner);
      part.rim.setAttribute("stroke-width", 6.5 + mouth.round * 5 + mouth.press * 2.5);
      part.upperTeeth.setAttribute("d", lines.upperTeeth);
      part.lowerTeeth.setAttribute("d", lines.lowerTeeth);
      part.tongue.setAttribute("d", lines.tongue);
      part.tongueShade.setAttribute("d", lines.tongueShade);
      part.tuck.setAttribute("transform", `translate(0 ${lines.bottom + 3})`);
      part.tuck.setAttribute("opacity", mouth.tuck);
      part.eyes.setAttribute("transform", `translate(${pose.gazeX * 5} ${pose.gazeY * 4 - pose.brow * 3})`);
      for (const side of ["left", "right"]) {
        part[`${side}Pupil`].setAttribute("transform", `translate(${pose.gazeX * 10} ${pose.gazeY * 8})`);
        part[`${side}Lid`].setAttribute("d", lid(pose.blink));
        part[`${side}Shut`].setAttribute("opacity", pose.blink > 0.8 ? 1 : 0);
      }
    };
  },
};

function lid(blink) {
  const low = -52 + blink * 98;
  return `M-60 -60L60 -60L60 ${low - 8}Q0 ${low + 16} -60 ${low - 8}Z`;
}

function eye(prefix, side, x) {
  return `
    <g transform="translate(${x} 198)">
      <ellipse rx="43" ry="46" cy="3" fill="#0b5d63" opacity=".28"/>
      <g clip-path="url(#${prefix}-eye)">
        <ellipse rx="41" ry="44" fill="url(#${prefix}-white)"/>
        <g data-part="${side}Pupil">
          <ellipse rx="26" ry="29" fill="#12323d"/>
          <ellipse rx="20" ry="19" cy="9" fill="url(#${prefix}-iris)"/>
          <circle cx="9" cy="-11" r="9.5" fill="#fff"/>
          <circle cx="-9" cy="13" r="4.6" fill="#fff" opacity=".8"/>
        </g>
        <path data-part="${side}Lid" fill="#35b5ab"/>
      </g>
      <path data-part="${side}Shut" fill="none" stroke="#0b5d63" stroke-width="5" stroke-linecap="round"
        d="M-36 12Q0 40 36 12"/>
    </g>`;
}

function drawing(prefix) {
  const ref = (name) => `url(#${prefix}-${name})`;
  return `
  <defs>
    <radialGradient id="${prefix}-fur" cx=".42" cy=".2" r=".95">
      <stop offset="0" stop-color="#8ff0dc"/><stop offset=".45" stop-color="#45cbbb"/>
      <stop offset="1" stop-color="#168a8c"/>
    </radialGradient>
    <radialGradient id="${prefix}-belly" cx=".5" cy=".3" r=".8">
      <stop offset="0" stop-color="#fff7e0"/><stop offset="1" stop-color="#ffe0a8"/>
    </radialGradient>
    <linearGradient id="${prefix}-fin" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#3dc1b4"/><stop offset="1" stop-color="#12777c"/>
    </linearGradient>
    <radialGradient id="${prefix}-white" cx=".5" cy=".65" r=".7">
      <stop offset="0" stop-color="#fff"/><stop offset=".8" stop-color="#f4fbff"/>
      <stop offset="1" stop-color="#d5e8ec"/>
    </radialGradient>
    <radialGradient id="${prefix}-iris" cx=".5" cy=".9" r=".9">
      <stop offset="0" stop-color="#ffb454"/><stop offset=".6" stop-color="#b4562a"/>
      <stop offset="1" stop-color="#12323d" stop-opacity="0"/>
    </radialGradient>
    <radialGradient id="${prefix}-blush"><stop offset="0" stop-color="#ff7f8f" stop-opacity=".75"/>
      <stop offset="1" stop-color="#ff7f8f" stop-opacity="0"/></radialGradient>
    <linearGradient id="${prefix}-mouth" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#3c0f2b"/><stop offset="1" stop-color="#7c1f43"/>
    </linearGradient>
    <clipPath id="${prefix}-eye"><ellipse rx="41" ry="44"/></clipPath>
    <clipPath id="${prefix}-inner"><path data-part="clip"/></clipPath>
    <clipPath id="${prefix}-frame"><rect width="480" height="480"/></clipPath>
  </defs>
  <g clip-path="${ref("frame")}">
  <g data-part="all">
    <path data-part="leftFin" fill="${ref("fin")}" d="M104 300C62 312 34 350 40 392C44 410 66 408 82 394
      C98 380 112 352 118 330Z"/>
    <path data-part="rightFin" fill="${ref("fin")}" d="M376 300C418 312 446 350 440 392C436 410 414 408 398
      394
      C382 380 368 352 362 330Z"/>
    <g data-part="tuft">
      <path fill="#1f9d98" d="M236 96C222 78 216 56 226 34C240 46 248 64 248 92Z"/>
      <path fill="#35b5ab" d="M242 96C240 72 250 50 272 40C276 60 268 80 256 98Z"/>
      <path fill="#1a8a88" d="M230 98C212 90 198 76 196 58C214 60 230 74 240 96Z"/>
    </g>
    <path fill="#2bb0a6" d="M122 150C92 132 84 100 96 78C120 84 146 104 156 124Z
      M358 150C388 132 396 100 384 78C360 84 334 104 324 124Z"/>
    <path fill="#ffb3a8" opacity=".85" d="M124 138C106 124 101 106 106 93C121 99 137 112 143 124Z
      M356 138C374 124 379 106 374 93C359 99 343 112 337 124Z"/>
    <path fill="${ref("fur")}" d="M240 84C146 84 88 150 84 240C80 330 74 420 110 490L370 490C406 420 400 330
      396 240
      C392 150 334 84 240 84Z"/>
    <path fill="#fff" opacity=".28" d="M128 172C142 134 176 110 214 104C186 122 158 146 146 182C140 198 122
      192 128 172Z"/>
    <path fill="${ref("belly")}" d="M240 372C178 372 142 412 138 490L342 490C338 412 302 372 240 372Z"
      opacity=".95"/>
    <g fill="#0f7f80" opacity=".45">
      <circle cx="112" cy="330" r="7"/><circle cx="128" cy="352" r="4.5"/><circle cx="106" cy="356" r="4"/>
      <circle cx="368" cy="330" r="7"/><circle cx="352" cy="352" r="4.5"/><circle cx="374" cy="356" r="4"/>
    </g>
    <ellipse cx="128" cy="268" rx="36" ry="25" fill="${ref("blush")}"/>
    <ellipse cx="352" cy="268" rx="36" ry="25" fill="${ref("blush")}"/>
    <g data-part="eyes">${eye(prefix, "left", 182)}${eye(prefix, "right", 298)}</g>
    <ellipse cx="240" cy="249" rx="11" ry="7.5" fill="#0b5d63"/>
    <ellipse cx="237" cy="246.5" rx="3.6" ry="2" fill="#fff" opacity=".7"/>
    <g data-part="mouth">
      <path data-part="inner" fill="${ref("mouth")}"/>
      <g clip-path="${ref("inner")}">
        <path data-part="lowerTeeth" fill="#eef3f2"/>
        <path data-part="tongue" fill="#ff7f93"/>
        <path data-part="tongueShade" stroke="#d9536f" stroke-width="3.5" stroke-linecap="round"
          opacity=".8"/>
        <path data-part="upperTeeth" fill="#fff"/>
      </g>
      <path data-part="rim" fill="none" stroke="#0b5d63" stroke-linejoin="round" stroke-linecap="round"/>
      <path data-part="tuck" fill="none" stroke="#0b5d63" stroke-width="4.5" stroke-linecap="round"
        d="M-22 9Q0 15 22 9"/>
    </g>
  </g>
  </g>`;
}
