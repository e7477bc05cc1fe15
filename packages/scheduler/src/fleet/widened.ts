/** A copy with room for so many at least, and for half as many again as before. */
export function widened<Numbers extends Int32Array | Float64Array>(numbers: Numbers, length: number): Numbers {
  const Kind = numbers.constructor as new (length: number) => Numbers;
  const wider = new Kind(Math.max(length, Math.ceil(numbers.length * 1.5), 16));
  wider.set(numbers);
  return wider;
}
