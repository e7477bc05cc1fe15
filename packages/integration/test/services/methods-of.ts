/** The names of an object's methods, those of its base classes included. */
export function methodsOf(value: object): string[] {
  const prototype = Object.getPrototypeOf(value) as object;
  if (prototype === Object.prototype) return [];
  return [...methodsOf(prototype), ...Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor")];
}
