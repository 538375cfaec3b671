/** Media of one host, in memory: what is on them can be carried to another host. */
import type { AttemptJournal } from '../engine/ports/fingerprints.ts';
import type { Media, MediaFile, MediaPlace } from '../engine/ports/media.ts';
import { Fault } from '../errors/fault.ts';
import { Fingerprints } from '../fingerprints/store.ts';
import type { Layer } from '../machine/definition.ts';
import type { Files } from './files.ts';
import { MemoryDirectory } from './fingerprints.ts';

const JOURNALS = 'journal';

interface Lying {
  readonly texts: Map<MediaFile, string>;
  readonly journals: MemoryDirectory;
}

export class SimulatedMedia implements Media {
  readonly #files: Files;
  readonly #places = new Map<string, Lying>();
  /** Directories that are there. */
  readonly directories = new Set(['/media']);

  constructor(files: Files) {
    this.#files = files;
  }

  /** The text of a file in a place, for tests that look at it or alter it. */
  texts(path: string): Map<MediaFile, string> {
    return this.#places.get(path)!.texts;
  }

  get paths(): readonly string[] {
    return [...this.#places.keys()];
  }

  /** Everything in the places is in the other host's media too, as it is now. */
  async carryTo(other: SimulatedMedia): Promise<void> {
    for (const [path, { texts, journals }] of this.#places) {
      const copied = new MemoryDirectory();
      for (const name of await journals.list(JOURNALS)) {
        const [from, to] = [await journals.open(`${JOURNALS}/${name}`), await copied.open(`${JOURNALS}/${name}`)];
        const bytes = Buffer.alloc(await from.sizeBytes());
        await from.read(bytes, 0);
        await to.write(bytes, 0);
      }
      other.#places.set(path, { texts: new Map(texts), journals: copied });
      for (const image of this.#files.under(path)) {
        const file = other.#files.create(image.path, image.sizeBytes);
        for (const [cluster, value] of image.clusters) file.clusters.set(cluster, value);
      }
    }
  }

  async make(directory: string, name: string): Promise<MediaPlace> {
    this.#check(directory);
    const path = `${directory}/${name}`;
    const lying = this.#places.get(path) ?? { texts: new Map<MediaFile, string>(), journals: new MemoryDirectory() };
    this.#places.set(path, lying);
    return new Place(path, lying, this.#files);
  }

  async find(directory: string, ending: string): Promise<MediaPlace | undefined> {
    const path = this.#places.has(directory) ? directory : this.paths.find((each) => each.startsWith(`${directory}/`) && each.endsWith(ending));
    if (path === undefined) this.#check(directory);
    return path === undefined ? undefined : new Place(path, this.#places.get(path)!, this.#files);
  }

  #check(directory: string): void {
    if (!this.directories.has(directory)) throw new Fault('media-missing', `there is no directory ${directory}`);
  }
}

class Place implements MediaPlace {
  readonly path: string;
  readonly #lying: Lying;
  readonly #files: Files;
  readonly #journals: Fingerprints;

  constructor(path: string, lying: Lying, files: Files) {
    this.path = path;
    this.#lying = lying;
    this.#files = files;
    this.#journals = new Fingerprints(lying.journals);
  }

  layer(disk: string): Layer {
    return { layerId: disk, path: `${this.path}/${disk}` };
  }

  journal(attemptId: string): Promise<AttemptJournal> {
    return this.#journals.journal(JOURNALS, attemptId);
  }

  async *journalBatches(attemptId: string): AsyncGenerator<Buffer> {
    const file = await this.#lying.journals.open(`${JOURNALS}/${attemptId}.journal`);
    const bytes = Buffer.alloc(await file.sizeBytes());
    await file.read(bytes, 0);
    if (bytes.length > 0) yield bytes;
  }

  async read(file: MediaFile): Promise<string | undefined> {
    return this.#lying.texts.get(file);
  }

  async write(file: MediaFile, text: string): Promise<void> {
    this.#files.checkRoom(this.path);
    this.#lying.texts.set(file, text);
  }

  async remove(file: MediaFile): Promise<void> {
    this.#lying.texts.delete(file);
  }

  async names(): Promise<readonly string[]> {
    return [...this.#lying.texts.keys(), ...this.#files.under(this.path).map(({ path }) => path)];
  }

  async clear(): Promise<void> {
    this.#lying.texts.clear();
    await this.#journals.close();
    await this.#lying.journals.remove(JOURNALS);
    for (const { path } of this.#files.under(this.path)) this.#files.remove(path);
  }

  async fileBytes(disk: string): Promise<number | undefined> {
    const { path } = this.layer(disk);
    return this.#files.has(path) ? this.#files.find(path).clusters.size : undefined;
  }

  close(): Promise<void> {
    return this.#journals.close();
  }
}
