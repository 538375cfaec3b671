/** Results of test failovers, each in a file of its own with its picture inside: it is there whole, or the one before is. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestResult, TestResults } from '../engine/ports/testresults.ts';
import { codeOf, faulting, makeDirectory, removeFiles, replaceFileDurably } from '../files/files.ts';

const ENDING = '.json';

export class TestResultFiles implements TestResults {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Ids come from the other host too: none of them leaves the directory. */
  #path(relationshipId: string): string {
    return join(this.#directory, `${encodeURIComponent(relationshipId)}${ENDING}`);
  }

  list(): Promise<readonly string[]> {
    return faulting(this.#directory, async () => {
      const names = await readdir(this.#directory).catch(emptyWhenAbsent);
      return names.filter((name) => name.endsWith(ENDING)).map((name) => decodeURIComponent(name.slice(0, -ENDING.length)));
    });
  }

  of(relationshipId: string): Promise<TestResult | null> {
    const path = this.#path(relationshipId);
    return faulting(path, async () => {
      const text = await readFile(path, 'utf8').catch((cause: unknown) => {
        if (codeOf(cause) === 'ENOENT') return null;
        throw cause;
      });
      return text === null ? null : resultIn(text);
    });
  }

  keep(relationshipId: string, { picture, ...result }: TestResult): Promise<void> {
    const path = this.#path(relationshipId);
    return faulting(path, async () => {
      await makeDirectory(this.#directory);
      await replaceFileDurably(path, JSON.stringify({ ...result, picture: picture && Buffer.from(picture).toString('base64') }));
    });
  }

  remove(relationshipId: string): Promise<void> {
    const path = this.#path(relationshipId);
    return faulting(path, () => removeFiles([path]));
  }
}

function emptyWhenAbsent(cause: unknown): string[] {
  if (codeOf(cause) === 'ENOENT') return [];
  throw cause;
}

function resultIn(text: string): TestResult {
  const { picture, ...result } = JSON.parse(text) as Omit<TestResult, 'picture'> & { readonly picture: string | null };
  return { ...result, picture: picture === null ? null : Buffer.from(picture, 'base64') };
}
