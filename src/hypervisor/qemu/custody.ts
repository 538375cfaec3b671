/**
 * Who may have written to a machine's images. A bitmap only knows what passed through QEMU, so its word counts only if
 * nobody else wrote while the images were closed. The chain of custody:
 *  - before images are opened (by QEMU or the storage daemon) the note of their last closing is compared with the files
 *    and then removed;
 *  - when the process that had them open has ended, a new note is made at once: of QEMU by the shell around it, which
 *    needs no daemon; of the storage daemon by us, who end it.
 * No note and no live process means that nobody saw the end (the host crashed, the shell was killed): not trusted.
 * A bitmap that is not trusted stays so until it is removed; one that is begun later is good.
 */
import { readFileSync, statSync } from 'node:fs';
import type { DiskStack } from '../../machine/definition.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import type { StatePaths } from './directories.ts';
import { removeFile, replaceFile } from './files.ts';

/** What the daemon knows of an instance's bitmaps beyond what the images say. */
export interface Custody {
  /** Active layers when this record was begun; with other layers it says nothing. */
  readonly images: readonly string[];
  /** Points whose bitmaps must be on every disk. */
  readonly expected: readonly string[];
  /** Points whose bitmaps missed changes. */
  readonly distrusted: readonly string[];
  readonly why: string;
}

/** Files that a running guest writes: the active layers and, for raw disks, their data files. */
export const writtenFiles = (stacks: readonly DiskStack[]): readonly string[] =>
  stacks.flatMap(({ layers }) => {
    const top = layers.at(-1)!;
    return top.dataFilePath === undefined ? [top.path] : [top.path, top.dataFilePath];
  });

/** Undefined when these images were never opened here: then their bitmaps are as somebody made them for us. */
function recordOf(state: StatePaths, images: readonly string[]): Custody | undefined {
  const text = textOf(state.custody);
  const found = text === undefined ? undefined : (JSON.parse(text) as Custody);
  return found && sameList(found.images, images) ? found : undefined;
}

/** Images that the process which has ended had open. */
export const recordedImages = (state: StatePaths): readonly string[] => {
  const text = textOf(state.custody);
  return text === undefined ? [] : (JSON.parse(text) as Custody).images;
};

const freshCustody = (images: readonly string[]): Custody => ({ images, expected: [], distrusted: [], why: '' });

/** What is on record, for images that are open now. */
export function readCustody(state: StatePaths, spec: LaunchSpec): Custody {
  const images = writtenFiles(spec.stacks);
  return recordOf(state, images) ?? freshCustody(images);
}

export const writeCustody = (state: StatePaths, custody: Custody): void => replaceFile(state.custody, JSON.stringify(custody, null, 2));

/** Bitmaps of these points are on all disks from now on, begun or filled while the images were watched. */
export const nowTracked = (custody: Custody, points: readonly string[]): Custody => ({
  ...custody,
  expected: [...new Set([...custody.expected, ...points])],
  distrusted: custody.distrusted.filter((each) => !points.includes(each)),
});

/** Bitmaps of these points are on no disk any more, and nothing is to be expected of them. */
export const noLongerTracked = (custody: Custody, points: readonly string[]): Custody => ({
  ...custody,
  expected: custody.expected.filter((each) => !points.includes(each)),
  distrusted: custody.distrusted.filter((each) => !points.includes(each)),
});

/** Reads the bitmaps' points on the closed images; only called when they turn out not to be trusted. */
export type ReadPoints = () => Promise<readonly string[]>;

/** The custody as it would be if the images were opened now; nothing is open. Changes nothing. */
export async function assessClosed(state: StatePaths, spec: LaunchSpec, readPoints: ReadPoints): Promise<Custody> {
  const images = writtenFiles(spec.stacks);
  const custody = recordOf(state, images);
  if (!custody) return freshCustody(images);
  const why = changeSinceClosing(textOf(state.closed), images);
  if (why === undefined) return custody;
  const distrusted = new Set([...custody.distrusted, ...custody.expected, ...(await readPoints())]);
  return { ...custody, distrusted: [...distrusted], why };
}

/** The images may be opened: what is known of their closed time is on record, and the note of it is used up. */
export async function takeCustody(state: StatePaths, spec: LaunchSpec, readPoints: ReadPoints): Promise<Custody> {
  const custody = await assessClosed(state, spec, readPoints);
  writeCustody(state, custody);
  removeFile(state.closed);
  return custody;
}

/** Notes how the images were left. The process that had them open has just ended, properly. */
export function noteClosed(state: StatePaths, images: readonly string[]): void {
  replaceFile(state.closed, images.map((path) => `${lineOf(path)}\n`).join(''));
}

/** The note of the last closing; undefined while the images are open, and before they ever were. */
export const readNote = ({ closed }: StatePaths): string | undefined => textOf(closed);

/** The images were not opened after all. */
export const restoreNote = ({ closed }: StatePaths, note: string): void => replaceFile(closed, note);

/**
 * The same note, made by the shell that started QEMU: arguments are the note's path, the list of images and QEMU's
 * command line. A signal to the whole group (a host that shuts down) must not end the shell before QEMU.
 */
export const SHEPHERD_SCRIPT = `
trap : TERM INT HUP QUIT
closed=$1 images=$2
shift 2
"$@"
while IFS= read -r image; do LC_ALL=C stat -L -c '%f %i %s %.9Y %.9Z %n' -- "$image"; done <"$images" >"$closed.new" &&
sync -- "$closed.new" && mv -f -- "$closed.new" "$closed" && sync -- "$(dirname -- "$closed")"
`;

/** Why the files are not as they were left; undefined when they are. */
function changeSinceClosing(note: string | undefined, images: readonly string[]): string | undefined {
  if (note === undefined) return 'nobody saw how the last run ended';
  const lines = note.split('\n').filter((line) => line !== '');
  const changed = images.find((path, index) => !sameState(lines[index], path));
  return changed === undefined ? undefined : `${changed} was changed while it was closed`;
}

/** A block device's times and size say nothing of writes to it, and its inode may change with every boot. */
function sameState(line: string | undefined, path: string): boolean {
  try {
    const stat = statSync(path, { bigint: true });
    if (stat.isBlockDevice()) return line?.startsWith(stat.mode.toString(16)) === true;
    return line === lineOf(path, stat);
  } catch {
    return false;
  }
}

const lineOf = (path: string, stat = statSync(path, { bigint: true })): string =>
  `${stat.mode.toString(16)} ${stat.ino} ${stat.size} ${secondsOf(stat.mtimeNs)} ${secondsOf(stat.ctimeNs)} ${path}`;

const secondsOf = (ns: bigint): string => `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`;

const sameList = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((each, index) => each === right[index]);

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
