/** Every bound of what passes between two hosts, in one place. Tests shorten the times; the sizes are part of the protocol. */

export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** The JSON part of a message alone: parsed JSON takes many times its text in memory. */
export const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** Hello, join and their answers: what a stranger can make this host hold. */
export const MAX_GREETING_BYTES = 16 * 1024;
/** Payload and raw bytes of a data frame, and a journal batch. */
export const MAX_LANE_PAYLOAD_BYTES = 1024 * 1024;
/** Given to a lane's handler and not yet resolved. */
export const MAX_HANDLED_BYTES = 8 * 1024 * 1024;
export const MAX_HANDLED_FRAMES = 16;
export const MAX_CALLS_IN_FLIGHT = 64;
/** Calls of this host that wait for one of the places in flight; more are refused with fault peer-busy. */
export const MAX_CALLS_WAITING = 1024;
/** Memory of requests that are being answered, above which a connection is not read from. */
export const MAX_REQUEST_BYTES_HELD = 64 * 1024 * 1024;
export const MAX_CONNECTIONS = 1024;
/** Connections that have not said a valid hello. A new one pushes out the oldest, so that strangers cannot fill the room. */
export const MAX_STRANGERS = 32;
export const MAX_CONTROL_CONNECTIONS_PER_HOST = 4;
export const MAX_LANES_AWAITED = 256;

/** Times, in milliseconds. */
export interface Patience {
  /** From the dial to the other side's hello, per address. */
  readonly connectMs: number;
  /** From an accepted connection to its hello. */
  readonly greetMs: number;
  /** One tick of a connection: something is sent in every `HEARTBEAT_TICKS`, and `SILENT_TICKS` without a byte end it. */
  readonly tickMs: number;
  /** A call without an answer, whatever its own signal says. */
  readonly callMs: number;
  /** A lane token that nobody dials. */
  readonly laneTokenMs: number;
  /** The wait between attempts to reach a lost host again; the last one repeats. */
  readonly reconnectMs: readonly number[];
  /** A failed lane keeps its connection for this long so that the reason arrives. */
  readonly lingerMs: number;
}

export const HEARTBEAT_TICKS = 3;
export const SILENT_TICKS = 9;

export const PATIENCE: Patience = {
  connectMs: 8_000,
  greetMs: 10_000,
  tickMs: 1_000,
  callMs: 600_000,
  laneTokenMs: 60_000,
  reconnectMs: [1_000, 2_000, 4_000, 8_000, 15_000, 30_000],
  lingerMs: 2_000,
};
