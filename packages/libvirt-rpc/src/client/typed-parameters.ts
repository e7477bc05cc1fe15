import { VIR } from "../protocol/constants.ts";
import type { ArgsOf } from "../protocol/names.ts";

/** A parameter as the protocol carries it: a name, and a value with its type. */
export type TypedParameter = ArgsOf<"domainSetSchedulerParametersFlags">["params"][number];

/** Parameters by name. Whole numbers of 64 bits are bigints. */
export type ParameterValues = Readonly<Record<string, number | bigint | string | boolean>>;

/** Parameters by name. */
export function valuesOf(parameters: readonly TypedParameter[]): ParameterValues {
  return Object.fromEntries(
    parameters.map(({ field, value }) => [
      field,
      value.type === VIR.TYPED_PARAM_BOOLEAN ? value.value !== 0 : value.value,
    ]),
  );
}

const typed =
  <Type extends number, Value>(type: Type, cast: (value: number | bigint) => Value) =>
  (field: string, value: number | bigint) => ({ field, value: { type, value: cast(value) } });

/** Parameters of one type each, as libvirt wants them: it refuses an `ullong` that comes as an `llong`. */
export const parameter = {
  /** Signed, 32 bits. */
  int: typed(VIR.TYPED_PARAM_INT, Number),
  /** Unsigned, 32 bits. */
  uint: typed(VIR.TYPED_PARAM_UINT, Number),
  /** Signed, 64 bits. */
  llong: typed(VIR.TYPED_PARAM_LLONG, BigInt),
  /** Unsigned, 64 bits. */
  ullong: typed(VIR.TYPED_PARAM_ULLONG, BigInt),
  /** A floating-point number. */
  double: typed(VIR.TYPED_PARAM_DOUBLE, Number),
  /** Yes or no. */
  boolean: (field: string, value: boolean): TypedParameter => ({
    field,
    value: { type: VIR.TYPED_PARAM_BOOLEAN, value: value ? 1 : 0 },
  }),
  /** Text. */
  string: (field: string, value: string): TypedParameter => ({
    field,
    value: { type: VIR.TYPED_PARAM_STRING, value },
  }),
} as const;
