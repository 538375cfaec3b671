/** Files that are whole after a power loss, or as they were. */
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** The file holds all of the content, durably. */
export async function writeDurably(folder: string, name: string, content: string, mode: number): Promise<void> {
  const path = join(folder, name);
  const file = await open(`${path}.new`, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
}
