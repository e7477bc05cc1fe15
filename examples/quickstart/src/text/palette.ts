import { styleText } from "node:util";

type Paint = (text: string) => string;

/** What colours mean here. */
export interface Palette {
  /** Headings, and what a line is about. */
  readonly strong: Paint;
  /** Explanations that may be passed over. */
  readonly faint: Paint;
  /** What people typed or could type: names, commands. */
  readonly name: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  /** An expected no. */
  readonly refusal: Paint;
}

/** @param colours whether there are any: on a terminal that shows them */
export function palette(colours: boolean): Palette {
  const paint =
    (style: Parameters<typeof styleText>[0]): Paint =>
    (text) =>
      colours && text !== "" ? styleText(style, text, { validateStream: false }) : text;
  return {
    strong: paint("bold"),
    faint: paint("dim"),
    name: paint("cyan"),
    good: paint("green"),
    bad: paint("red"),
    refusal: paint("yellow"),
  };
}
