/**
 * Hands a lane's frames to its handler: data frames as many at once as memory allows, a journal batch alone, after all data
 * before it and before all after it. The end comes when everything was handled.
 */
import type { LaneHandler } from '../engine/ports/peers.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { COMPRESSED, HEADER_BYTES } from './frame.ts';
import { MAX_HANDLED_BYTES, MAX_HANDLED_FRAMES, MAX_LANE_PAYLOAD_BYTES } from './limits.ts';
import type { SlabFrame } from './slab.ts';

export interface IntakeEvents {
  durable(journalBytes: number): void;
  /** Everything was handled; nothing follows. */
  ended(): void;
  failed(error: unknown): void;
  /** Frames wait for the handler, or not any more. */
  full(full: boolean): void;
}

export class Intake {
  readonly #handler: LaneHandler;
  readonly #events: IntakeEvents;
  #waiting: SlabFrame[] = [];
  #sequence = 0;
  #handledFrames = 0;
  #handledBytes = 0;
  #alone = false;
  #stopped = false;
  readonly #idle: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(handler: LaneHandler, events: IntakeEvents) {
    this.#handler = handler;
    this.#events = events;
  }

  push(frame: SlabFrame): void {
    if (this.#stopped) {
      frame.release();
      return;
    }
    checkFrame(frame, this.#sequence);
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#waiting.push(frame);
    this.#pump();
  }

  /** No frame is handed on any more; resolves when none is with the handler. */
  stop(): Promise<void> {
    this.#stopped = true;
    for (const frame of this.#waiting) frame.release();
    this.#waiting = [];
    if (this.#handledFrames === 0) this.#idle.resolve();
    return this.#idle.promise;
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#mayStart(this.#waiting[0]!)) void this.#handle(this.#waiting.shift()!);
    if (!this.#stopped) this.#events.full(this.#waiting.length > 0);
  }

  #mayStart(frame: SlabFrame): boolean {
    if (this.#handledFrames === 0) return true;
    if (this.#alone || frame.header.type !== 'data') return false;
    return this.#handledFrames < MAX_HANDLED_FRAMES && this.#handledBytes + frame.header.payloadBytes <= MAX_HANDLED_BYTES;
  }

  async #handle(frame: SlabFrame): Promise<void> {
    this.#handledFrames++;
    this.#handledBytes += frame.header.payloadBytes;
    this.#alone = frame.header.type !== 'data';
    try {
      await this.#give(frame);
    } catch (error) {
      if (!this.#stopped) this.#events.failed(error);
    }
    frame.release();
    this.#handledFrames--;
    this.#handledBytes -= frame.header.payloadBytes;
    if (this.#stopped && this.#handledFrames === 0) this.#idle.resolve();
    this.#pump();
  }

  async #give(frame: SlabFrame): Promise<void> {
    const { type, disk, offset, rawBytes, flags } = frame.header;
    if (type === 'data') {
      const description = { disk, offsetBytes: offset, rawBytes, compressed: flags === COMPRESSED };
      await this.#handler.data(description, { memory: frame.memory, headroomBytes: HEADER_BYTES });
    } else if (type === 'journal') {
      const journalBytes = await this.#handler.journal(frame.memory.subarray(HEADER_BYTES));
      if (journalBytes !== undefined && !this.#stopped) this.#events.durable(journalBytes);
    } else if (!this.#stopped) {
      this.#events.ended();
    }
  }
}

/** Fault peer-protocol for a frame that no sender of this version makes. */
function checkFrame(frame: SlabFrame, sequence: number): void {
  const { type, flags, rawBytes, payloadBytes } = frame.header;
  const known = type === 'data' ? flags === 0 || flags === COMPRESSED : type === 'journal' || type === 'end';
  const fits = type !== 'data' || (rawBytes <= MAX_LANE_PAYLOAD_BYTES && (flags === COMPRESSED || rawBytes === payloadBytes));
  if (!known || !fits) throw new Fault('peer-protocol', say('the other host sent a {type} frame that does not belong on a lane', { type }));
  if (frame.header.sequence !== sequence) throw new Fault('peer-protocol', say('the other host sent frame {sequence} where frame {expected} was expected', { sequence: String(frame.header.sequence), expected: String(sequence) }));
}
