import { Container } from "inversify";
import { describe, expect, expectTypeOf, it } from "vitest";
import { token } from "../src/tokens.ts";

class Lamp {
  readonly watt: number;
  constructor(watt: number) {
    this.watt = watt;
  }
}
class Room {
  readonly lamp: Lamp;
  readonly name: string;
  constructor(lamp: Lamp, name: string) {
    this.lamp = lamp;
    this.name = name;
  }
}
const lamp = token<Lamp>("test/Lamp");
const name = token<string>("test/Name");
const room = token<Room>("test/Room");

describe("token", () => {
  it("binds a factory with its tokens in their order", () => {
    const container = new Container();
    container.bind(lamp).toConstantValue(new Lamp(60));
    container.bind(name).toConstantValue("kitchen");
    container.bind(room).toResolvedValue((light: Lamp, called: string) => new Room(light, called), [lamp, name]);
    expect(container.get(room)).toMatchObject({ lamp: { watt: 60 }, name: "kitchen" });
    expectTypeOf(container.get(room)).toEqualTypeOf<Room>();
  });

  it("makes a wrong order a compile error", () => {
    const container = new Container();
    const make = (light: Lamp, called: string): Room => new Room(light, called);
    // @ts-expect-error: the factory takes the lamp first
    container.bind(room).toResolvedValue(make, [name, lamp]);
    // @ts-expect-error: a token of something else
    container.bind(lamp).toResolvedValue(make, [lamp, name]);
    // @ts-expect-error: a constant of something else
    container.bind(name).toConstantValue(60);
    expect(container.isBound(room)).toBe(true);
  });

  it("is the same across copies of the package, and another for another name", () => {
    expect(token("test/Lamp")).toBe(lamp);
    expect(token("test/Other")).not.toBe(lamp);
  });
});
