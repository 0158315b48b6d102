/** A mouth in SVG: lips, teeth and tongue, from five numbers. */

/**
 * How far the jaw is open, how wide the corners are apart, how much the lips are pushed forward, how much of the teeth
 * shows, how far up the tongue is: each 0 to 1, by SAPI viseme.
 */
const SHAPES = [
  /*  0 silence     */ [0.0, 0.55, 0.2, 0, 0],
  /*  1 ae ax ah    */ [0.6, 0.6, 0.1, 0.5, 0.1],
  /*  2 aa          */ [1.0, 0.5, 0.1, 0.3, 0],
  /*  3 ao          */ [0.8, 0.3, 0.6, 0.1, 0],
  /*  4 ey eh uh    */ [0.5, 0.75, 0.1, 0.6, 0.2],
  /*  5 er          */ [0.4, 0.4, 0.5, 0.4, 0.2],
  /*  6 y iy ih ix  */ [0.25, 0.95, 0, 0.9, 0.2],
  /*  7 w uw        */ [0.15, 0.1, 1, 0, 0],
  /*  8 ow          */ [0.55, 0.2, 0.9, 0, 0],
  /*  9 aw          */ [0.8, 0.4, 0.5, 0.2, 0],
  /* 10 oy          */ [0.55, 0.3, 0.7, 0.2, 0],
  /* 11 ay          */ [0.85, 0.65, 0, 0.5, 0.1],
  /* 12 h           */ [0.4, 0.55, 0.1, 0.3, 0],
  /* 13 r           */ [0.25, 0.3, 0.7, 0.4, 0.1],
  /* 14 l           */ [0.4, 0.6, 0.1, 0.4, 0.9],
  /* 15 s z         */ [0.22, 0.8, 0, 1, 0],
  /* 16 sh ch jh zh */ [0.3, 0.3, 0.8, 1, 0],
  /* 17 th dh       */ [0.3, 0.6, 0.1, 0.6, 1],
  /* 18 f v         */ [0.15, 0.6, 0, 1, 0],
  /* 19 d t n       */ [0.25, 0.65, 0.1, 0.8, 0.6],
  /* 20 k g ng      */ [0.35, 0.6, 0.1, 0.4, 0],
  /* 21 p b m       */ [0.0, 0.45, 0.3, 0, 0],
];

/** Time in which the mouth covers two thirds of the way to a shape, in ms. */
const EASE = 35;

const [LEFT, TOP] = [100, 128];

export class Mouth {
  #shape = [...SHAPES[0]];
  #drawn = 0;
  #svg;

  /** `svg` has elements of the classes lips, hollow, teeth and tongue. */
  constructor(svg) {
    this.#svg = svg;
    this.show(0, 0);
  }

  /** Moves towards a viseme; `time` is that of the animation frame, in milliseconds. */
  show(viseme, time) {
    const share = 1 - Math.exp((this.#drawn - time) / EASE);
    this.#drawn = time;
    this.#shape = this.#shape.map((value, index) => value + (SHAPES[viseme][index] - value) * share);
    this.#draw();
    this.#svg.dataset.viseme = viseme;
  }

  #draw() {
    const [open, wide, round, teeth, tongue] = this.#shape;
    const half = 20 + 22 * wide - 8 * round;
    const gap = 30 * open;
    const lip = 5 + 4 * round;
    this.#set("lips", almond(half + lip, 3 + gap / 2 + lip, gap));
    this.#set("hollow", almond(half, gap / 2, gap));
    this.#set("teeth", band(half * 0.8, -1, Math.min(gap, 9) * teeth));
    this.#set("tongue", band(half * 0.55, gap * (0.8 - 0.7 * tongue), Math.min(gap * 0.5, 9)));
  }

  #set(name, path) {
    this.#svg.querySelector(`.${name}`).setAttribute("d", path);
  }
}

/** An almond that hangs from the upper lip: half its width, how far it goes up and down from its middle. */
function almond(half, height, gap) {
  const middle = TOP + gap / 2;
  const bow = height * 1.35;
  return (
    `M${LEFT - half} ${middle}` +
    `C${LEFT - half * 0.5} ${middle - bow} ${LEFT + half * 0.5} ${middle - bow} ${LEFT + half} ${middle}` +
    `C${LEFT + half * 0.5} ${middle + bow} ${LEFT - half * 0.5} ${middle + bow} ${LEFT - half} ${middle}Z`
  );
}

/** A rounded band: half its width, where it begins below the upper lip, and how high it is. */
function band(half, from, height) {
  return (
    `M${LEFT - half} ${TOP + from}H${LEFT + half}` +
    `Q${LEFT + half} ${TOP + from + height} ${LEFT} ${TOP + from + height}` +
    `Q${LEFT - half} ${TOP + from + height} ${LEFT - half} ${TOP + from}Z`
  );
}
