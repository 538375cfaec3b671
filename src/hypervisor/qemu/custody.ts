/**
 * Who may have written to a machine's images. A bitmap only knows what passed through QEMU, so its word counts only if
 * nobody else wrote while the images were closed. The chain of custody:
 *  - before images are opened (by QEMU or the storage daemon) the note of their last closing is compared with the files
 *    and then removed;
 *  - when the process that had them open has ended, a new note is made at once: of QEMU by the shell around it, which
 *    needs no daemon; of the storage daemon by us, who end it.
 * No note and no live process means that nobody saw the end (the host crashed, the shell was killed): not trusted.
 * A bitmap that is not trusted stays so until it is removed; one that is begun later is good.
 * Notes and record are kept image by image: not every disk replicates, and disks come and go.
 */
import { readFileSync, statSync } from 'node:fs';
import type { DiskStack } from '../../machine/definition.ts';
import type { RunPaths, StatePaths } from './directories.ts';
import { removeFile, replaceFile } from './files.ts';
import { say, type Text } from '../../language/text.ts';

/** What the daemon knows of the bitmaps of some of an instance's images, beyond what the images say. */
export interface Custody {
  /** Points whose bitmaps must be on every one of these disks. */
  readonly expected: readonly string[];
  /** Points whose bitmaps missed changes on one of them. */
  readonly distrusted: readonly string[];
  readonly why: Text;
}

/** What is on record: by image, since the set of disks that replicate may change while the images stay. */
interface CustodyRecord {
  readonly images: Readonly<Record<string, ImageCustody>>;
  /** Images of the process that has, or had, them open. */
  readonly open: readonly string[];
  readonly why: Text;
}

type ImageCustody = Pick<Custody, 'expected' | 'distrusted'>;

interface Stacks {
  readonly stacks: readonly DiskStack[];
}

/** Files that a running guest writes: the active layers and, for raw disks, their data files. */
export const writtenFiles = (stacks: readonly DiskStack[]): readonly string[] =>
  stacks.flatMap(({ layers }) => {
    const top = layers.at(-1)!;
    return top.dataFilePath === undefined ? [top.path] : [top.path, top.dataFilePath];
  });

const EMPTY: CustodyRecord = { images: {}, open: [], why: '' };
const FRESH: Custody = { expected: [], distrusted: [], why: '' };

interface FormerRecord extends Custody {
  readonly images: readonly string[];
}

/** Earlier versions kept one record for all images. */
function recordOf({ custody }: Pick<StatePaths, 'custody'>): CustodyRecord {
  const text = textOf(custody);
  if (text === undefined) return EMPTY;
  const found = JSON.parse(text) as CustodyRecord | FormerRecord;
  if ('open' in found) return found;
  const { images, expected, distrusted, why } = found;
  return { images: Object.fromEntries(images.map((path) => [path, { expected, distrusted }])), open: images, why };
}

/** Images that the process which has ended had open. */
export const recordedImages = (state: StatePaths): readonly string[] => recordOf(state).open;

/** An image that is not on record was never opened here: its bitmaps are as somebody made them for us. */
function custodyOf(record: CustodyRecord, images: readonly string[]): Custody {
  const known = images.flatMap((path) => record.images[path] ?? []);
  const distrusted = united(known.map((image) => image.distrusted));
  return { expected: united(known.map((image) => image.expected)), distrusted, why: distrusted.length > 0 ? record.why : '' };
}

const united = (lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())];

/** What is on record, for images that are open now. */
export const readCustody = (state: StatePaths, { stacks }: Stacks): Custody => custodyOf(recordOf(state), writtenFiles(stacks));

export function amendCustody(state: StatePaths, { stacks }: Stacks, change: (custody: Custody) => Custody): void {
  const record = recordOf(state);
  const paths = writtenFiles(stacks);
  const { expected, distrusted } = change(custodyOf(record, paths));
  const images = paths.map((path) => [path, { expected, distrusted: (record.images[path]?.distrusted ?? []).filter((point) => distrusted.includes(point)) }] as const);
  writeRecord(state, { ...record, images: { ...record.images, ...Object.fromEntries(images) } });
}

const writeRecord = (state: StatePaths, record: CustodyRecord): void => replaceFile(state.custody, JSON.stringify(record, null, 2));

/** The guest writes these images from now on, which have the bitmap of this point; nothing is known of any other. Returns what takes it back. */
export function replaceImages(state: StatePaths, { stacks }: Stacks, pointId: string): () => void {
  const before = recordOf(state);
  const paths = writtenFiles(stacks);
  writeRecord(state, { images: Object.fromEntries(paths.map((path) => [path, { expected: [pointId], distrusted: [] }])), open: paths, why: '' });
  return () => writeRecord(state, before);
}

/** A disk comes to, or leaves, a process that has the others open. */
export function openAlso(state: StatePaths, { stacks }: Stacks): void {
  const record = recordOf(state);
  const added = Object.fromEntries(writtenFiles(stacks).map((path) => [path, FRESH]));
  writeRecord(state, { ...record, images: { ...record.images, ...added }, open: united([record.open, writtenFiles(stacks)]) });
}

/** Nothing is on record of these images. */
export function forgetImages(state: StatePaths, { stacks }: Stacks): void {
  const paths = writtenFiles(stacks);
  const record = recordOf(state);
  writeRecord(state, { ...record, images: Object.fromEntries(Object.entries(record.images).filter(([path]) => !paths.includes(path))), open: record.open.filter((path) => !paths.includes(path)) });
  const note = readNote(state);
  if (note !== undefined) replaceFile(state.closed, textOfLines(linesOf(note).filter((line) => !paths.some((path) => isLineOf(line, path)))));
}

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
export async function assessClosed(state: StatePaths, spec: Stacks, readPoints: ReadPoints): Promise<Custody> {
  return custodyOf(await assessed(state, spec, readPoints), writtenFiles(spec.stacks));
}

/** Each image is judged by itself: what another program did to one disk says nothing of the others. */
async function assessed(state: StatePaths, { stacks }: Stacks, readPoints: ReadPoints): Promise<CustodyRecord> {
  const record = recordOf(state);
  const note = textOf(state.closed);
  let { images, why } = record;
  for (const path of writtenFiles(stacks)) {
    const known = images[path];
    const changed = known && changeSinceClosing(note, path);
    if (changed === undefined) continue;
    why = changed;
    images = { ...images, [path]: { ...known!, distrusted: united([known!.distrusted, known!.expected, await readPoints()]) } };
  }
  return { ...record, images, why };
}

/** The images may be opened: what is known of their closed time is on record, and their notes are used up. */
export async function takeCustody(state: StatePaths, spec: Stacks, readPoints: ReadPoints): Promise<Custody> {
  const record = await assessed(state, spec, readPoints);
  const paths = writtenFiles(spec.stacks);
  const unknown = Object.fromEntries(paths.filter((path) => !record.images[path]).map((path) => [path, FRESH]));
  writeRecord(state, { ...record, images: { ...record.images, ...unknown }, open: paths });
  const others = linesOf(readNote(state) ?? '').filter((line) => !paths.some((path) => isLineOf(line, path)));
  if (others.length > 0) replaceFile(state.closed, textOfLines(others));
  else removeFile(state.closed);
  return custodyOf(record, paths);
}

/** Notes how the images were left. The process that had them open has just ended, properly. */
export function noteClosed(state: StatePaths, images: readonly string[]): void {
  const others = linesOf(readNote(state) ?? '').filter((line) => !images.some((path) => isLineOf(line, path)));
  replaceFile(state.closed, textOfLines([...others, ...images.map((path) => lineOf(path))]));
}

/** The notes of the last closings, an image a line; undefined while all images are open, and before they ever were. */
export const readNote = ({ closed }: Pick<StatePaths, 'closed'>): string | undefined => textOf(closed);

/** Which of the images are not noted. */
export const unnoted = (state: StatePaths, images: readonly string[]): readonly string[] => {
  const lines = linesOf(readNote(state) ?? '');
  return images.filter((path) => !lines.some((line) => isLineOf(line, path)));
};

/** The images were not opened after all. */
export const restoreNote = ({ closed }: StatePaths, note: string): void => replaceFile(closed, note);

const linesOf = (note: string): readonly string[] => note.split('\n').filter((line) => line !== '');
const textOfLines = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** Mode, inode, size and two times come before the path, which may have spaces. */
const isLineOf = (line: string, path: string): boolean => line.split(' ').slice(FIELDS).join(' ') === path;
const FIELDS = 5;

/** The files that a running QEMU writes for these stacks are those that the shell notes at its end. */
export const listImages = ({ imageList }: Pick<RunPaths, 'imageList'>, stacks: readonly DiskStack[]): void => replaceFile(imageList, textOfLines(writtenFiles(stacks)));

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

/** Why the file is not as it was left; undefined when it is. */
function changeSinceClosing(note: string | undefined, path: string): Text | undefined {
  const line = note === undefined ? undefined : linesOf(note).find((each) => isLineOf(each, path));
  if (line === undefined) return say('nobody saw how the last run ended');
  return sameState(line, path) ? undefined : say('{path} was changed while it was closed', { path });
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

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
