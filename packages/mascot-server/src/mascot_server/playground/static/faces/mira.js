/** Mira: a person. */

import { outlines } from "./mouth.js";
import { parts } from "./parts.js";

const BUILD = { width: 39, drop: 47, upperLip: 8.5, lowerLip: 11.5, bow: 4.5, smile: 7 };

/** @type {import("./index.js").Face} */
export const mira = {
  id: "mira",
  name: "Mira",
  create(svg, prefix) {
    svg.setAttribute("viewBox", "0 0 480 480");
    svg.innerHTML = drawing(prefix);
    const part = parts(svg);
    return ({ mouth, pose }) => {
      const lines = outlines(mouth, BUILD);
      const jaw = mouth.open * (1 - mouth.press) * 9;
      part.head.setAttribute("transform", `translate(0 ${pose.lift}) rotate(${pose.tilt} 240 350)`);
      part.body.setAttribute("transform", `translate(0 ${pose.lift * 0.35})`);
      part.hairBack.setAttribute("transform", `rotate(${pose.tilt * 0.5} 240 120)`);
      part.face.setAttribute("d", faceOutline(jaw));
      part.mouth.setAttribute("transform", `translate(240 ${291 + jaw * 0.15})`);
      part.inner.setAttribute("d", lines.inner);
      part.clip.setAttribute("d", lines.inner);
      part.lips.setAttribute("d", lines.outer + lines.inner);
      part.line.setAttribute("d", lines.line);
      part.line.setAttribute("opacity", Math.max(0, 1 - mouth.open * 9));
      part.upperTeeth.setAttribute("d", lines.upperTeeth);
      part.lowerTeeth.setAttribute("d", lines.lowerTeeth);
      part.tongue.setAttribute("d", lines.tongue);
      part.tongueShade.setAttribute("d", lines.tongueShade);
      part.shine.setAttribute("transform", `translate(0 ${lines.bottom + 5.2 - mouth.press * 2})`);
      part.shine.setAttribute("opacity", 0.55 * (1 - mouth.tuck) * (1 - mouth.press * 0.6));
      part.chin.setAttribute("transform", `translate(0 ${jaw})`);
      for (const side of ["left", "right"]) {
        part[`${side}Iris`].setAttribute("transform", `translate(${pose.gazeX * 7} ${pose.gazeY * 5})`);
        part[`${side}Lid`].setAttribute("d", lid(pose.blink));
        part[`${side}Lash`].setAttribute("d", lash(pose.blink));
      }
      part.brows.setAttribute("transform", `translate(0 ${-pose.brow * 6 + pose.blink * 2})`);
    };
  },
};

function faceOutline(jaw) {
  const chin = 352 + jaw;
  return (
    `M132 200C132 118 178 84 240 84C302 84 348 118 348 200` +
    `C348 262 334 ${300 + jaw * 0.6} 300 ${331 + jaw * 0.8}C280 ${348 + jaw} 262 ${chin} 240 ${chin}` +
    `C218 ${chin} 200 ${348 + jaw} 180 ${331 + jaw * 0.8}C146 ${300 + jaw * 0.6} 132 262 132 200Z`
  );
}

/** The skin of the upper lid, around the middle of an eye, and its lashes. */
function lid(blink) {
  const low = -21 + blink * 36;
  return `M-36 -34L36 -34L36 4C24 ${low} -24 ${low} -36 4Z`;
}

function lash(blink) {
  const low = -21 + blink * 36;
  return `M-32 3C-20 ${low - 2} 20 ${low - 2} 32 2L38 -4`;
}

function eye(prefix, side, x) {
  // The lashes' wing points outwards on both sides.
  const turn = side === "left" ? "scale(-1 1)" : "";
  return `
    <g transform="translate(${x} 212)">
      <g clip-path="url(#${prefix}-eye)">
        <ellipse rx="30" ry="25" fill="#fffdfb"/>
        <ellipse cy="-15" rx="30" ry="12" fill="#c9a9a4" opacity=".35"/>
        <g data-part="${side}Iris">
          <circle r="17.5" fill="url(#${prefix}-iris)"/>
          <circle r="17.5" fill="none" stroke="#123f45" stroke-width="2.4"/>
          <circle r="8.6" fill="#0f2229"/>
          <circle cx="6" cy="-7" r="5.2" fill="#fff"/>
          <circle cx="-6" cy="7" r="2.6" fill="#fff" opacity=".75"/>
        </g>
        <path data-part="${side}Lid" fill="url(#${prefix}-lid)"/>
      </g>
      <path transform="${turn}" data-part="${side}Lash" fill="none" stroke="#2c1a33" stroke-width="5.4"
        stroke-linecap="round" stroke-linejoin="round"/>
    </g>`;
}

function drawing(prefix) {
  const ref = (name) => `url(#${prefix}-${name})`;
  return `
  <defs>
    <linearGradient id="${prefix}-skin" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#ffd3b3"/><stop offset=".62" stop-color="#f9bf9b"/>
      <stop offset="1" stop-color="#f0a985"/>
    </linearGradient>
    <linearGradient id="${prefix}-lid" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#f9c4a2"/><stop offset="1" stop-color="#eaa588"/>
    </linearGradient>
    <linearGradient id="${prefix}-hair" x1="0" y1="0" x2=".55" y2="1">
      <stop offset="0" stop-color="#7a3f74"/><stop offset=".5" stop-color="#542a5b"/>
      <stop offset="1" stop-color="#3a1d47"/>
    </linearGradient>
    <linearGradient id="${prefix}-back" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#4a2553"/><stop offset="1" stop-color="#2b1538"/>
    </linearGradient>
    <linearGradient id="${prefix}-knit" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#1fa396"/><stop offset="1" stop-color="#0a6f69"/>
    </linearGradient>
    <radialGradient id="${prefix}-iris" cx=".5" cy=".72" r=".75">
      <stop offset="0" stop-color="#5fd0bd"/><stop offset=".55" stop-color="#1f8a86"/>
      <stop offset="1" stop-color="#14565e"/>
    </radialGradient>
    <radialGradient id="${prefix}-blush"><stop offset="0" stop-color="#ff7d72" stop-opacity=".5"/>
      <stop offset="1" stop-color="#ff7d72" stop-opacity="0"/></radialGradient>
    <linearGradient id="${prefix}-mouth" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#4a0f22"/><stop offset="1" stop-color="#7a1f35"/>
    </linearGradient>
    <linearGradient id="${prefix}-lips" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#c9485a"/><stop offset="1" stop-color="#e4697a"/>
    </linearGradient>
    <clipPath id="${prefix}-eye"><path d="M-33 5C-22 -24 22 -24 33 3C22 27 -22 28 -33 5Z"/></clipPath>
    <clipPath id="${prefix}-inner"><path data-part="clip"/></clipPath>
    <clipPath id="${prefix}-frame"><rect width="480" height="480"/></clipPath>
  </defs>
  <g clip-path="${ref("frame")}">
    <g data-part="hairBack">
      <path fill="${ref("back")}" d="M240 44C138 44 92 112 92 208C92 268 100 318 90 372C116 398 170 402 206
        388
        L274 388C310 402 364 398 390 372C380 318 388 268 388 208C388 112 342 44 240 44Z"/>
    </g>
    <g data-part="body">
      <path fill="${ref("knit")}" d="M52 500C58 424 118 396 186 386L294 386C362 396 422 424 428 500Z"/>
      <path fill="#0a6f69" opacity=".5" d="M120 500C122 470 128 452 140 436C136 456 136 476 138 500Z
        M360 500C358 470 352 452 340 436C344 456 344 476 342 500Z"/>
      <path fill="#e59a78" d="M198 322L282 322L282 382C282 410 264 424 240 424C216 424 198 410 198 382Z"/>
      <path fill="#c97b60" opacity=".55" d="M198 340C212 366 268 366 282 340L282 362C266 388 214 388 198
        362Z"/>
      <path fill="none" stroke="#35bfae" stroke-width="17" stroke-linecap="round"
        d="M184 392C192 424 216 438 240 438C264 438 288 424 296 392"/>
      <path fill="none" stroke="#0d8279" stroke-width="2.5" stroke-linecap="round" opacity=".6"
        d="M178 400C188 434 214 448 240 448C266 448 292 434 302 400"/>
    </g>
    <g data-part="head">
      <path fill="#f0ab88" d="M134 206C118 194 106 208 111 230C115 250 126 262 140 256Z
        M346 206C362 194 374 208 369 230C365 250 354 262 340 256Z"/>
      <circle cx="121" cy="262" r="7" fill="#f4c04f"/><circle cx="359" cy="262" r="7" fill="#f4c04f"/>
      <circle cx="119" cy="260" r="2.4" fill="#fff4cf"/><circle cx="357" cy="260" r="2.4" fill="#fff4cf"/>
      <path data-part="face" fill="${ref("skin")}"/>
      <path data-part="chin" fill="#e08c6d" opacity=".2" d="M219 333C230 340 250 340 261 333C253 346 227 346
        219 333Z"/>
      <ellipse cx="168" cy="262" rx="34" ry="25" fill="${ref("blush")}"/>
      <ellipse cx="312" cy="262" rx="34" ry="25" fill="${ref("blush")}"/>
      <g fill="#d98364" opacity=".55">
        <circle cx="160" cy="251" r="1.9"/><circle cx="171" cy="256" r="1.7"/><circle cx="181" cy="250"
          r="1.9"/>
        <circle cx="299" cy="250" r="1.9"/><circle cx="309" cy="256" r="1.7"/><circle cx="320" cy="251"
          r="1.9"/>
      </g>
      ${eye(prefix, "left", 186)}${eye(prefix, "right", 294)}
      <g data-part="brows" fill="none" stroke="#4a2553" stroke-width="8" stroke-linecap="round">
        <path d="M153 168C168 156 192 155 209 163"/><path d="M327 168C312 156 288 155 271 163"/>
      </g>
      <path fill="none" stroke="#d67f62" stroke-width="4" stroke-linecap="round" d="M229 254C233 261 247 261
        251 254"/>
      <path fill="#fff" opacity=".3" d="M236 222C234 234 234 240 237 245C242 244 243 236 242 222Z"/>
      <g data-part="mouth">
        <path data-part="inner" fill="${ref("mouth")}"/>
        <g clip-path="${ref("inner")}">
          <path data-part="lowerTeeth" fill="#efe6e2"/>
          <path data-part="tongue" fill="#ee7a86"/>
          <path data-part="tongueShade" stroke="#c9505f" stroke-width="2.4" stroke-linecap="round"
            opacity=".7"/>
          <path data-part="upperTeeth" fill="#fffaf6"/>
        </g>
        <path data-part="lips" fill="${ref("lips")}" fill-rule="evenodd"/>
        <path data-part="line" fill="none" stroke="#8f2c40" stroke-width="2.6" stroke-linecap="round"/>
        <ellipse data-part="shine" rx="11" ry="1.9" fill="#ffd0d0"/>
      </g>
      <path fill="${ref("hair")}" d="M240 56C150 50 104 108 104 190C104 214 107 236 112 250C118 232 130 218
        136 204
        C142 184 146 172 150 160C186 158 244 146 282 112C296 134 322 150 340 168C344 184 346 192 348 206
        C354 220 364 234 368 250C373 236 376 214 376 190C376 108 330 56 240 56Z"/>
      <path fill="none" stroke="#b56aa5" stroke-width="6" stroke-linecap="round" opacity=".55"
        d="M146 128C164 104 190 88 222 82"/>
      <path fill="none" stroke="#b56aa5" stroke-width="4" stroke-linecap="round" opacity=".4"
        d="M134 152C137 145 140 139 144 134"/>
    </g>
  </g>`;
}
