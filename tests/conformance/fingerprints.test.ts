import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FingerprintStore } from '../../src/engine/ports/fingerprints.ts';
import { RealDirectory } from '../../src/fingerprints/files.ts';
import { Fingerprints } from '../../src/fingerprints/store.ts';
import { MemoryDirectory } from '../../src/simulation/fingerprints.ts';
import { fingerprintStoreConformance } from './fingerprints.ts';

fingerprintStoreConformance('real files', async () => {
  const path = await mkdtemp(join(tmpdir(), 'us-fp-'));
  let store: FingerprintStore | undefined;
  const start = async () => {
    await store?.close();
    return (store = new Fingerprints(new RealDirectory(join(path, 'fingerprints'))));
  };
  const dispose = async () => {
    await store?.close();
    await rm(path, { recursive: true, force: true });
  };
  return { start, dispose };
});

fingerprintStoreConformance('in memory', async () => {
  const directory = new MemoryDirectory();
  const start = async () => {
    directory.kill();
    return new Fingerprints(directory);
  };
  return { start, dispose: async () => undefined };
});
