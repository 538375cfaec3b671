/**
 * Directories on media that people carry from host to host: a disk, a share. Each virtual machine has a place of its own in
 * one, so that a directory can hold many. Faults: media-missing, space-exhausted, disk-io.
 */
import type { Layer } from '../../machine/definition.ts';
import type { AttemptJournal } from './fingerprints.ts';

/** The manifest is written last: without it a place holds nothing. The note says whose unfinished work lies there. */
export type MediaFile = 'manifest.json' | 'unfinished.json';

export interface MediaPlace {
  /** Absolute. */
  readonly path: string;
  /** Where a disk's content is. */
  layer(disk: string): Layer;
  /** For writing; as it was left, empty when there was none. */
  journal(attemptId: string): Promise<AttemptJournal>;
  /** The journal's bytes, 1 MiB at a time, from media that may be read only; none when there is none. */
  journalBatches(attemptId: string): AsyncIterable<Buffer>;
  read(file: MediaFile): Promise<string | undefined>;
  /** The file is there whole, durably, or as it was before. */
  write(file: MediaFile, text: string): Promise<void>;
  remove(file: MediaFile): Promise<void>;
  /** What lies in the place, whoever put it there. */
  names(): Promise<readonly string[]>;
  /** The place holds nothing, durably. */
  clear(): Promise<void>;
  /** Length of the disk's file; undefined when it is missing. */
  fileBytes(disk: string): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface Media {
  /** A place of this name in the directory, which is there; made when missing. */
  make(directory: string, name: string): Promise<MediaPlace>;
  /** The directory itself when it is a place, else the place in it whose name ends like this; undefined when there is none. */
  find(directory: string, ending: string): Promise<MediaPlace | undefined>;
}
