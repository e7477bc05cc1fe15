/** The same function, its result remembered for as long as its argument lives: asked once a request, not once a host. */
export function memo<Argument extends object, Result>(compute: (argument: Argument) => Result): typeof compute {
  const results = new WeakMap<Argument, { readonly result: Result }>();
  return (argument) => {
    let known = results.get(argument);
    if (known === undefined) {
      known = { result: compute(argument) };
      results.set(argument, known);
    }
    return known.result;
  };
}
