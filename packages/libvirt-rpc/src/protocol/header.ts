import { protocolError } from "../error.ts";
import { XdrReader } from "../xdr/reader.ts";
import { XdrWriter } from "../xdr/writer.ts";

/** A frame is its own length in four bytes, a header of six words, and the payload. */
export const headerBytes = 28;
/** The longest frame that libvirt sends or takes: 32 MiB and the length's own four bytes. */
export const maxFrameBytes = 32 * 1024 * 1024 + 4;

/** What stands before every payload. */
export interface Header {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: number;
  readonly serial: number;
  readonly status: number;
}

/** A frame as it came: its header, and a reader that stands at its payload. */
export interface Frame {
  readonly header: Header;
  readonly payload: XdrReader;
  readonly payloadBytes: number;
}

/** A writer for the payload of a frame. */
export const payloadWriter = (): XdrWriter => new XdrWriter(maxFrameBytes, headerBytes);

/** The whole frame: fills in what stands before the payload. */
export function frameOf(header: Header, payload: XdrWriter = payloadWriter()): Buffer {
  const frame = payload.finish();
  const words = [
    frame.length,
    header.program,
    header.version,
    header.procedure,
    header.type,
    header.serial,
    header.status,
  ];
  for (const [index, word] of words.entries()) frame.writeUInt32BE(word, index * 4);
  return frame;
}

/** Reads a frame, which is whole. */
export function parseFrame(frame: Buffer): Frame {
  if (frame.length < headerBytes) throw protocolError(`a frame of ${frame.length} bytes has no room for its header`);
  const [program = 0, version = 0, procedure = 0, type = 0, serial = 0, status = 0] = [4, 8, 12, 16, 20, 24].map((at) =>
    frame.readUInt32BE(at),
  );
  return {
    header: { program, version, procedure, type, serial, status },
    payload: new XdrReader(frame, headerBytes),
    payloadBytes: frame.length - headerBytes,
  };
}
