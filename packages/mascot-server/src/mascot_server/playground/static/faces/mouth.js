/** The outlines of a mouth, as SVG paths around (0, 0). Pure. */

/**
 * @typedef {{width: number, drop: number, upperLip: number, lowerLip: number, bow: number, smile: number}}
 *   Build
 *   of one face's mouth, in units of its drawing: half its width at rest, how far it can open, how thick the
 *   lips are,
 *   how deep the notch of the upper one is, how much higher the corners are than the middle at rest
 * @typedef {{inner: string, outer: string, line: string, upperTeeth: string, lowerTeeth: string, tongue:
 *   string,
 *   tongueShade: string, half: number, top: number, bottom: number}} Outlines
 */

const at = (x, y) => `${x.toFixed(2)} ${y.toFixed(2)}`;

/**
 * @param {import("./shapes.js").Shape} shape
 * @param {Build} build
 * @returns {Outlines}
 */
export function outlines(shape, build) {
  const half = build.width * (1 + 0.24 * shape.wide - 0.36 * shape.round - 0.14 * shape.press);
  const gap = build.drop * shape.open;
  // Smiles are seen on closed lips; an open mouth is shaped by what it says.
  const free = 1 - 0.7 * Math.min(1, shape.open * 1.6);
  const smile = build.smile * free * (1 - 0.9 * shape.round) * (1 - 0.75 * shape.press);
  // Rounded lips meet halfway down; spread ones nearer to the upper teeth.
  const corner = -smile * 0.6 + gap * (0.12 + 0.08 * shape.round);
  const top = smile * 0.5 - gap * 0.3;
  const bottom = top + gap * (1 - 0.2 * shape.tuck);
  const bend = 0.52 + 0.48 * shape.round + 0.2 * Math.min(1, shape.open);
  const inner = {
    left: -half, right: half, corner,
    top: control(top, corner), bottom: control(bottom, corner), reach: half * Math.min(1, bend),
  };
  const full = 1 + 0.28 * shape.round - 0.42 * shape.press - 0.12 * Math.max(0, shape.wide);
  const upperLip = build.upperLip * full;
  const lowerLip = build.lowerLip * full * (1 - 0.5 * shape.tuck);
  const rim = Math.min(upperLip, lowerLip) * 0.32 + 1.5 * shape.round;

  return {
    inner: `M${at(-half, corner)}${over(inner, "top")}${back(inner, "bottom")}Z`,
    outer: lips(half + rim, corner, inner.reach, top - upperLip, bottom + lowerLip, build.bow * full),
    line: `M${at(-half, corner)}${over(inner, "top")}`,
    upperTeeth: teeth(half, top, Math.min(gap * 0.62, build.drop * 0.24) * shape.upper, 1),
    lowerTeeth: teeth(half, bottom, Math.min(gap * 0.44, build.drop * 0.16) * shape.lower, -1),
    ...tongue(shape, half, top, bottom, build.drop),
    half, top, bottom,
  };
}

/** A cubic's middle is pulled to three quarters of the way to its control points. */
function control(middle, end) {
  return (middle - end * 0.25) / 0.75;
}

function over({ right, corner, reach, ...edge }, side) {
  return `C${at(-reach, edge[side])} ${at(reach, edge[side])} ${at(right, corner)}`;
}

function back({ left, corner, reach, ...edge }, side) {
  return `C${at(reach, edge[side])} ${at(-reach, edge[side])} ${at(left, corner)}`;
}

function lips(half, corner, reach, top, bottom, bow) {
  const peak = half * 0.26;
  const low = control(bottom, corner);
  // The two tops of the upper lip, the notch between them, and where its sides begin to fall.
  const [ridge, notch, side] = [top - bow * 0.5, top + bow * 0.5, top + (corner - top) * 0.3];
  return (
    `M${at(-half, corner)}` +
    `C${at(-reach * 0.86, side)} ${at(-peak * 1.7, ridge)} ${at(-peak, ridge)}` +
    `C${at(-peak * 0.5, ridge)} ${at(-peak * 0.3, notch)} ${at(0, notch)}` +
    `C${at(peak * 0.3, notch)} ${at(peak * 0.5, ridge)} ${at(peak, ridge)}` +
    `C${at(peak * 1.7, ridge)} ${at(reach * 0.86, side)} ${at(half, corner)}` +
    `C${at(reach, low)} ${at(-reach, low)} ${at(-half, corner)}Z`
  );
}

/** A row of teeth that hangs from an edge (`way` 1) or stands on it (-1). */
function teeth(half, edge, height, way) {
  if (height < 0.4) return "";
  const wide = half * 0.9;
  const far = edge - way * 60;
  const end = edge + way * height;
  const round = Math.min(7, height * 0.7);
  return (
    `M${at(-wide, far)}L${at(wide, far)}L${at(wide, end - way * round)}` +
    `Q${at(wide, end)} ${at(wide - round, end)}L${at(-wide + round, end)}` +
    `Q${at(-wide, end)} ${at(-wide, end - way * round)}Z`
  );
}

function tongue(shape, half, top, bottom, drop) {
  const gap = bottom - top;
  if (gap < 1.5) return { tongue: "", tongueShade: "" };
  const lying = Math.min(gap * 0.42, drop * 0.3);
  const raised = gap * 0.86;
  const height = lying + (raised - lying) * Math.max(0, (shape.tongue - 0.35) / 0.65) * (1 - shape.out);
  const tip = shape.tongue > 0.8 ? 0.5 : 0.64;
  const wide = half * (0.66 + (tip - 0.64) * 0.6) * (1 + 0.06 * shape.out);
  const rise = Math.max(height, gap * 0.6 * shape.out);
  const crown = bottom - rise;
  // Between the teeth it lies over the lower lip a little.
  const foot = bottom + 3 * shape.out + 30 * (1 - shape.out);
  const path =
    `M${at(-wide, foot)}C${at(-wide, crown + rise * 0.1)} ${at(-wide * 0.62, crown)} ${at(0, crown)}` +
    `C${at(wide * 0.62, crown)} ${at(wide, crown + rise * 0.1)} ${at(wide, foot)}Z`;
  return { tongue: path, tongueShade: `M${at(0, crown + rise * 0.32)}L${at(0, bottom)}` };
}
