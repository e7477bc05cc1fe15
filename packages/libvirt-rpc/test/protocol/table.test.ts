import { describe, expect, expectTypeOf, it } from "vitest";
import { eventNames, procedureNames, VIR } from "../../src/index.ts";
import type { ArgsOf, EventOf, ResultOf } from "../../src/index.ts";
import { eventSourceOf, procedureOf } from "../../src/protocol/names.ts";
import { messages, procedures, programs } from "../../src/protocol/table.ts";

describe("the table of procedures", () => {
  it("has every procedure and message of the three programs", () => {
    const numbers = { remote: new Set<number>(), qemu: new Set<number>(), lxc: new Set<number>() };
    for (const { program, number } of [...Object.values(procedures), ...Object.values(messages)]) {
      expect(numbers[program].has(number)).toBe(false);
      numbers[program].add(number);
    }
    // libvirt 9.0 numbers them without a gap.
    expect(numbers.remote).toEqual(new Set(Array.from({ length: 443 }, (_, index) => index + 1)));
    expect(numbers.qemu).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
    expect(numbers.lxc).toEqual(new Set([1]));
  });

  it("knows the numbers that the daemon was seen to answer to", () => {
    expect(programs).toEqual({ remote: 0x20008086, qemu: 0x20008087, lxc: 0x00068000, keepalive: 0x6b656570 });
    expect(procedureOf("connectOpen")).toMatchObject({ program: "remote", number: 1, priority: "high" });
    expect(procedureOf("domainLookupByName")).toMatchObject({ number: 23 });
    expect(procedureOf("domainDefineXmlFlags")).toMatchObject({ number: 350, priority: "high" });
    expect(procedureOf("domainCreateWithFlags")).toMatchObject({ number: 196, priority: "low" });
    expect(procedureOf("domainGetState")).toMatchObject({ number: 212 });
    expect(procedureOf("connectListAllDomains")).toMatchObject({ number: 273 });
    expect(procedureOf("qemu.domainAgentCommand")).toMatchObject({ program: "qemu", number: 3 });
    expect(procedureOf("lxc.domainOpenNamespace")).toMatchObject({ program: "lxc", number: 1 });
    expect(procedureOf("storageVolDownload")).toMatchObject({ stream: "read" });
    expect(procedureOf("storageVolUpload")).toMatchObject({ stream: "write" });
  });

  it("has an event for every id, with the procedures that subscribe to it", () => {
    expect(eventNames.filter((name) => name.startsWith("domain"))).toHaveLength(27);
    for (const name of eventNames) {
      const { register, deregister, message, filter } = eventSourceOf(name);
      expect(procedureNames).toContain(register);
      expect(procedureNames).toContain(deregister);
      expect(message.content).toMatchObject({ kind: "struct", fields: { callbackID: { kind: "int" } } });
      expect(procedureOf(register as "connectSecretEventRegisterAny").args).toMatchObject({
        fields: { eventID: { kind: "int" }, [filter]: { kind: "nullable" } },
      });
    }
    expect(eventSourceOf("domainLifecycle")).toMatchObject({ id: 0, message: { number: 318 } });
    expect(eventSourceOf("domainAgentLifecycle")).toMatchObject({ id: 18, message: { number: 348 } });
  });

  it("gives types to arguments, results and events", () => {
    expectTypeOf<ArgsOf<"domainGetState">["dom"]>().toEqualTypeOf<{
      readonly name: string;
      readonly uuid: string;
      readonly id: number;
    }>();
    expectTypeOf<ResultOf<"domainGetState">>().toEqualTypeOf<{ readonly state: number; readonly reason: number }>();
    expectTypeOf<ArgsOf<"domainBlockJobAbort">["path"]>().toEqualTypeOf<string>();
    expectTypeOf<ResultOf<"qemu.domainAgentCommand">["result"]>().toEqualTypeOf<string | null>();
    expectTypeOf<EventOf<"domainLifecycle">["msg"]["detail"]>().toEqualTypeOf<number>();
    expectTypeOf<ResultOf<"connectGetLibVersion">["libVer"]>().toEqualTypeOf<bigint>();
  });

  it("has libvirt's numbers under libvirt's names", () => {
    expect(VIR).toMatchObject({
      ERR_NO_DOMAIN: 42,
      ERR_RPC: 39,
      DOMAIN_RUNNING: 1,
      DOMAIN_SHUTOFF: 5,
      DOMAIN_START_PAUSED: 1,
      DOMAIN_BLOCK_COPY_TRANSIENT_JOB: 4,
      TYPED_PARAM_STRING: 7,
      DOMAIN_EVENT_ID_BLOCK_JOB_2: 16,
      DOMAIN_SNAPSHOT_XML_SECURE: VIR.DOMAIN_XML_SECURE,
    });
  });
});
