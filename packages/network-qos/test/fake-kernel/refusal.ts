/** What the pretended kernel says no with. */
export class Refusal extends Error {}

/** @throws Refusal unless it holds */
export function need(holds: boolean, answer: string): asserts holds {
  if (!holds) throw new Refusal(`RTNETLINK answers: ${answer}`);
}
